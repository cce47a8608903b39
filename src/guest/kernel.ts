/** The guest's kernel: a layer with its modules, and the image that hypervisors start. */
import { join } from "node:path";
import { MicrovmError } from "../errors.ts";
import { lstatSync, mkdirSync, readdirSync, readlinkSync, writeFileSync } from "../os/files.ts";
import { run } from "../os/processes.ts";
import { unpackPackages } from "../packages/debian/unpack.ts";
import { type HostTools, toolCommand } from "../packages/host-tools.ts";
import { type Builder, eager } from "../store/builder.ts";
import type { Recipe } from "../store/recipe.ts";
import { extractArm64Image, isArm64Kernel } from "./arm64-image.ts";
import { DOCUMENTATION } from "./debian-layer.ts";
import { findInLayer, readInLayer } from "./layer-paths.ts";
import { reportUnpacking, unpackingHelpers, unpackingProgram } from "./unpacking.ts";
import { extractVmlinux } from "./vmlinux.ts";

/** The recipe of the layer with a kernel package's modules and their dependency lists. */
export function kernelLayerRecipe(debs: readonly Recipe[], tools: HostTools): Recipe {
  return {
    kind: "kernel-layer",
    version: 1,
    name: "kernel",
    params: { architecture: tools.architecture },
    inputs: { debs, ...(tools.build && { tools: tools.build }) },
    ...unpackingHelpers(tools),
    exactModes: true,
  };
}

/** How much of the layer's build is unpacking; the rest is depmod, which reads every module. */
const UNPACKING_SHARE = 0.7;

/** Builds `kernel-layer`. */
export const buildKernelLayer: Builder = eager(async (job) => {
  const { architecture } = job.params as { architecture: string };
  const debs = job.inputs("debs");
  mkdirSync(job.out, { mode: 0o755 });
  await unpackPackages({
    debs,
    root: job.out,
    exclude: { exclude: [...DOCUMENTATION.exclude, "/usr/share/bug/*", "/boot/System.map-*"] },
    mode: "tools",
    arrival: job.arrival,
    ...(await unpackingProgram(job)),
    onProgress: reportUnpacking(job, debs.length, UNPACKING_SHARE),
  });
  const tools = "tools" in job.recipe.inputs ? job.input("tools") : undefined;
  job.report({ note: "listing the modules' dependencies", share: UNPACKING_SHARE });
  checkModulesPlace(job.out);
  await run([...toolCommand(tools, architecture, "depmod"), "-b", job.out, kernelRelease(job.out)], {
    endsWithUs: true,
    signal: job.signal,
    onOutput: job.log,
  });
});

/** depmod writes below `lib` and follows links there, on the host: one that a package has replaced is refused. */
function checkModulesPlace(layer: string): void {
  const lib = findInLayer(layer, "lib");
  if (lib?.stats.isSymbolicLink() && readlinkSync(lib.path) === "usr/lib") return;
  throw new MicrovmError("package-invalid", 'The kernel package replaces the link "/lib"');
}

/** The release (`uname -r`) of the one kernel in a kernel layer. */
export function kernelRelease(layer: string): string {
  const modules = findInLayer(layer, "usr/lib/modules");
  const [release, ...others] = modules?.stats.isDirectory() ? readdirSync(modules.path) : [];
  const isReal = release !== undefined && lstatSync(join(modules!.path, release)).isDirectory();
  if (!isReal || others.length > 0) {
    throw new MicrovmError(
      "package-invalid",
      "The kernel package holds no modules, or those of several kernels",
    );
  }
  return release;
}

/** The recipe of the uncompressed kernel of a kernel layer: what hypervisors start the quickest. */
export function kernelImageRecipe(layer: Recipe): Recipe {
  return { kind: "kernel-image", version: 1, name: "vmlinux", params: {}, inputs: { layer } };
}

/** Builds `kernel-image`. */
export const buildKernelImage: Builder = async (job) => {
  const layer = job.input("layer");
  job.report({ note: "decompressing" });
  const image = readInLayer(layer, `boot/vmlinuz-${kernelRelease(layer)}`);
  writeFileSync(job.out, await (isArm64Kernel(image) ? extractArm64Image(image) : extractVmlinux(image)));
};
