/** The initrd: a static busybox, the few modules that the machine needs, one script. */
import { promisify } from "node:util";
import { gunzip, zstdDecompress } from "node:zlib";
import { MicrovmError } from "../errors.ts";
import { writeFileSync } from "../os/files.ts";
import { decompressXz } from "../os/xz.ts";
import type { Builder } from "../store/builder.ts";
import type { Recipe } from "../store/recipe.ts";
import { type CpioEntry, cpioArchive } from "./cpio.ts";
import { INIT_APPLETS, INIT_SCRIPT, type INITRD_HOOKS } from "./init-script.ts";
import { kernelRelease } from "./kernel.ts";
import { readInLayer } from "./layer-paths.ts";
import { moduleOrder } from "./module-order.ts";

/** Modules for stacking layers, by name. */
export const STACK_MODULES = ["overlay"] as const;

/** A guest's own shell commands, by the name of their option below `boot.initrd`. */
export type InitrdHooks = Partial<Readonly<Record<(typeof INITRD_HOOKS)[number], string>>>;

/** Modules for disks. */
export const DISK_MODULES = ["virtio_blk"] as const;

/**
 * The recipe of the initrd for a kernel layer. `modules` are loaded in order, each after what it needs, and behind them
 * those of `preloaded` that the kernel has. Without a kernel layer it has none. Hooks that are not given are absent
 * from it.
 */
export function initrdRecipe(
  kernel: Recipe | undefined,
  busybox: Recipe,
  { modules, preloaded }: Readonly<Record<"modules" | "preloaded", readonly string[]>>,
  hooks: InitrdHooks = {},
): Recipe {
  return {
    kind: "initrd",
    version: 4,
    name: "initrd",
    params: {
      modules: kernel ? [...modules] : [],
      preloaded: kernel ? [...preloaded] : [],
      script: INIT_SCRIPT,
      ...(Object.keys(hooks).length > 0 && { hooks: { ...hooks } }),
    },
    inputs: { ...(kernel && { kernel }), busybox },
  };
}

/** Builds `initrd`. */
export const buildInitrd: Builder = async (job) => {
  const { modules, preloaded, script, hooks } = job.params as {
    modules: string[];
    preloaded: string[];
    script: string;
    hooks?: Record<string, string>;
  };
  const kernel = "kernel" in job.recipe.inputs ? job.input("kernel") : undefined;
  const loaded = kernel === undefined ? [] : await readModules(kernel, modules, preloaded);
  const directories = ["bin", "dev", "modules", "nodes", "proc", "sys"];
  const entries: CpioEntry[] = [
    ...directories.map((path): CpioEntry => ({ path, type: "directory", mode: 0o755 })),
    { path: "dev/console", type: "character-device", mode: 0o600, major: 5, minor: 1 },
    file("bin/busybox", readInLayer(job.input("busybox"), "usr/bin/busybox"), 0o755),
    ...(kernel === undefined ? [] : staticNodes(moduleFile(kernel, "modules.devname").toString())),
    ...INIT_APPLETS.map(
      (applet): CpioEntry => ({ path: `bin/${applet}`, type: "symlink", target: "busybox" }),
    ),
    ...loaded.flatMap(({ name, content }) => moduleEntries(`modules/${name}`, content)),
    file("modules/order", Buffer.from(loaded.map(({ name }) => `${name}\n`).join(""))),
    file("init", Buffer.from(script), 0o755),
    ...(hooks ? hookEntries(hooks) : []),
  ];
  writeFileSync(job.out, cpioArchive(entries));
};

function file(path: string, content: Buffer, mode = 0o644): CpioEntry {
  return { path, type: "file", mode, content };
}

/** What ends a signed module (`MODULE_SIG_STRING` of the kernel's include/linux/module_signature.h). */
const SIGNATURE_MARK = "~Module signature appended~\n";

/** Before the mark: `struct module_signature` of the same file, its last four bytes the signature's size. */
const SIGNATURE_HEADER_SIZE = 12;

/** A module, and what the kernel checks it by, to be appended: the initrd is told whether it does. */
export function moduleEntries(path: string, content: Buffer): CpioEntry[] {
  const header = content.length - SIGNATURE_MARK.length - SIGNATURE_HEADER_SIZE;
  if (header < 0 || content.subarray(-SIGNATURE_MARK.length).toString("latin1") !== SIGNATURE_MARK) {
    return [file(path, content)];
  }
  const end = header - content.readUInt32BE(header + SIGNATURE_HEADER_SIZE - 4);
  if (end <= 0)
    throw new MicrovmError("package-invalid", `The signature of "${path}" is longer than the module`);
  return [file(path, content.subarray(0, end)), file(`${path}.signature`, content.subarray(end))];
}

function hookEntries(hooks: Readonly<Record<string, string>>): CpioEntry[] {
  return [
    { path: "hooks", type: "directory", mode: 0o755 },
    ...Object.entries(hooks).map(([name, text]) => file(`hooks/${name}`, Buffer.from(text))),
  ];
}

/**
 * Nodes of devices whose modules are loaded when they are opened, below `nodes`. `modules.devname` of depmod has
 * a line for each: module, name, and `c` or `b` with both numbers. Blocks are left out: none is made this way.
 */
export function staticNodes(modulesDevname: string): CpioEntry[] {
  const nodes = [...modulesDevname.matchAll(/^\S+ ([\w/.-]+) c(\d+):(\d+)$/gm)].map(
    ([, name, major, minor]): CpioEntry => ({
      path: `nodes/${name}`,
      type: "character-device",
      mode: 0o600,
      major: Number(major),
      minor: Number(minor),
    }),
  );
  const directories = nodes.flatMap(({ path }) => parents(path)).filter((path) => path !== "nodes");
  return [
    ...[...new Set(directories)].sort().map((path): CpioEntry => ({ path, type: "directory", mode: 0o755 })),
    ...nodes,
  ];
}

/** The directories above a path, the outermost first. */
function parents(path: string): string[] {
  const parts = path.split("/").slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
}

function moduleFile(kernel: string, path: string): Buffer {
  return readInLayer(kernel, `usr/lib/modules/${kernelRelease(kernel)}/${path}`);
}

/** By the end of a module's file name: Debian has xz, Ubuntu zstd. */
const DECOMPRESSORS: Readonly<Record<string, (content: Buffer) => Promise<Buffer>>> = {
  "": async (content) => content,
  ".xz": decompressXz,
  ".zst": promisify(zstdDecompress),
  ".gz": promisify(gunzip),
};

async function readModules(kernel: string, wanted: readonly string[], welcome: readonly string[]) {
  const read = (path: string) => moduleFile(kernel, path);
  const text = (name: string) => read(`modules.${name}`).toString();
  const lists = {
    dep: text("dep"),
    builtin: text("builtin"),
    softdep: text("softdep"),
    alias: text("alias"),
  };
  const order = moduleOrder(lists, wanted, welcome);
  return Promise.all(
    order.map(async (path) => {
      const packed = path.slice(path.lastIndexOf("/") + 1);
      const suffix = /\.(xz|zst|gz)$/.exec(packed)?.[0] ?? "";
      const content = await DECOMPRESSORS[suffix]!(read(path));
      return { name: packed.slice(0, packed.length - suffix.length), content };
    }),
  );
}
