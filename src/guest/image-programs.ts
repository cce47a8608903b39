/** What a guest gets that is made from an image: programs of ours, below a directory that no image has. */
import { join } from "node:path";
import { mkdirSync, symlinkSync, writeFileSync } from "../os/files.ts";
import { unpackPackages } from "../packages/debian/unpack.ts";
import { type HostTools, toolCommand } from "../packages/host-tools.ts";
import { type Builder, eager } from "../store/builder.ts";
import type { Recipe } from "../store/recipe.ts";
import { DOCUMENTATION } from "./debian-layer.ts";
import { IMAGE_APPLETS } from "./image-init-script.ts";
import { readInLayer } from "./layer-paths.ts";
import { reportUnpacking, unpackingHelpers, unpackingProgram } from "./unpacking.ts";

/** The directory, from the guest's root on. */
export const PROGRAMS_DIRECTORY = ".microvm";

/** The recipe of that layer: a static busybox, and the packages of programs that run through their own loader. */
export function imageProgramsRecipe(debs: readonly Recipe[], busybox: Recipe, tools: HostTools): Recipe {
  return {
    kind: "image-programs",
    version: 1,
    name: "oci-programs",
    params: { applets: [...IMAGE_APPLETS] },
    inputs: { debs, busybox },
    ...unpackingHelpers(tools),
    exactModes: true,
  };
}

/** Builds `image-programs`. */
export const buildImagePrograms: Builder = eager(async (job) => {
  const { applets } = job.params as { applets: string[] };
  const debs = job.inputs("debs");
  const packages = join(job.out, PROGRAMS_DIRECTORY, "packages");
  const bin = join(job.out, PROGRAMS_DIRECTORY, "bin");
  for (const directory of [packages, bin]) mkdirSync(directory, { recursive: true, mode: 0o755 });
  writeFileSync(join(bin, "busybox"), readInLayer(job.input("busybox"), "usr/bin/busybox"), { mode: 0o755 });
  for (const applet of applets) symlinkSync("busybox", join(bin, applet));
  await unpackPackages({
    debs,
    root: packages,
    exclude: {
      exclude: [
        ...DOCUMENTATION.exclude,
        "/etc/*",
        "/usr/share/*",
        "/usr/lib/systemd/*",
        "/var/*",
        "/usr/lib/*/gconv/*",
      ],
    },
    mode: "tools",
    arrival: job.arrival,
    ...(await unpackingProgram(job)),
    onProgress: reportUnpacking(job, debs.length),
  });
});

/** The command that runs one of the packages' programs in a guest. */
export function imageProgram(architecture: string, program: string): readonly string[] {
  return toolCommand(`/${PROGRAMS_DIRECTORY}/packages`, architecture, program);
}
