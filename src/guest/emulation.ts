/**
 * Programs of another architecture in the sandbox: run by QEMU's user-mode emulator, which the kernel starts by itself
 * (binfmt_misc). The emulator is registered in a user namespace of the sandbox's own and nowhere else, so the host
 * stays as it is. Linux can do that from 6.7 on; below, what the administrator has registered is used.
 */
import { basename, join } from "node:path";
import { MicrovmError } from "../errors.ts";
import { existsSync, readdirSync, readTextIfExists } from "../os/files.ts";
import { runToEnd } from "../os/processes.ts";
import { hostArchitecture } from "../packages/host-tools.ts";

/** What the sandbox registers. */
export interface Emulation {
  /** Absolute path of the emulator: one static file. */
  readonly emulator: string;
  /** The line for binfmt_misc's `register`, written in the emulator's directory: its path may be longer than a line. */
  readonly registration: string;
}

/** An architecture that can be emulated, by Debian's name. */
interface Emulated {
  /** QEMU's program. */
  readonly program: string;
  /** Of the ELF header (elf(5)): `e_machine`, little endian, in hexadecimal. */
  readonly machine: string;
}

const EMULATED: Readonly<Record<string, Emulated>> = {
  amd64: { program: "qemu-x86_64", machine: "3e00" },
  arm64: { program: "qemu-aarch64", machine: "b700" },
};

/** 64 bits, little endian, version 1, any ABI padding; then `e_type`: an executable (2) or a shared object (3). */
const IDENTITY = "7f454c460201010000000000000000000200";
/** Both types are one program to the kernel; the byte of the ABI is anything. */
const MASK = "ffffffffffffff00fffffffffffffffffeffffff";

/** `P`: the program's own argv[0] is kept; `C`: setuid counts; `F`: the emulator is opened once, now. */
const FLAGS = "PCF";

/** Where the kernel tells of what is registered; Documentation/admin-guide/binfmt-misc.rst. */
const BINFMT_DIRECTORY = "/proc/sys/fs/binfmt_misc";

/** Name of the emulator's program for guests of an architecture. Undefined: there is none. */
export function emulatorProgram(architecture: string): string | undefined {
  return EMULATED[architecture]?.program;
}

/**
 * What must be registered so that programs of `architecture` run here; undefined when nothing must. `tree` is that of
 * the emulator's package; without one, the host's own program is looked for. Errors: `unsupported`, with the cure.
 */
export async function emulationFor(
  architecture: string,
  tree: string | undefined,
): Promise<Emulation | undefined> {
  const emulated = EMULATED[architecture];
  if (!emulated || architecture === hostArchitecture()) return undefined;
  const magic = `${IDENTITY}${emulated.machine}`;
  const emulator = tree === undefined ? onPath(emulated.program) : join(tree, "usr/bin", emulated.program);
  if (emulator !== undefined && (await canRegister())) {
    return { emulator, registration: registrationLine(architecture, magic, emulator) };
  }
  if (isRegistered(magic)) return undefined;
  const why =
    emulator === undefined
      ? `the program "${emulated.program}-static" is not on PATH`
      : "this kernel has no binfmt_misc in user namespaces, which Linux has from 6.7 on";
  throw new MicrovmError(
    "unsupported",
    `Cannot run programs for "${architecture}" on this host for "${hostArchitecture()}": ${why}`,
    {
      hint: `As root, register an emulator for the whole host: install "qemu-user-static" (Debian 12, Ubuntu) or "qemu-user-binfmt" (Debian 13)`,
    },
  );
}

/** `:NAME:M:OFFSET:MAGIC:MASK:INTERPRETER:FLAGS`, bytes as `\xHH`. */
function registrationLine(name: string, magic: string, emulator: string): string {
  const bytes = (hex: string) => hex.replace(/../g, "\\x$&");
  return `:${name}:M::${bytes(magic)}:${bytes(MASK)}:${basename(emulator)}:${FLAGS}`;
}

/**
 * Whether a user namespace has a binfmt_misc of its own here. Tried where nothing can come of it: a kernel without
 * refuses to mount it there.
 */
async function canRegister(): Promise<boolean> {
  const namespace = ["unshare", "--user", "--map-root-user", "--mount"];
  const mount = ["mount", "-t", "binfmt_misc", "binfmt_misc", BINFMT_DIRECTORY];
  return (await runToEnd([...namespace, ...mount])).code === 0;
}

/** Whether the host runs programs of this magic by an emulator that is open already, and so works in every root. */
function isRegistered(magic: string): boolean {
  const names = existsSync(BINFMT_DIRECTORY) ? readdirSync(BINFMT_DIRECTORY) : [];
  return names.some((name) => runsForeign(readTextIfExists(join(BINFMT_DIRECTORY, name)) ?? "", magic));
}

/** Whether an entry of binfmt_misc, as the kernel tells of it, is enabled, has the flag `F` and this magic. */
export function runsForeign(entry: string, magic: string): boolean {
  const lines = entry.split("\n");
  return lines[0] === "enabled" && /^flags: .*F/m.test(entry) && lines.includes(`magic ${magic}`);
}

/** A static emulator of the host's: distributions call it `-static`, or make the plain one static. */
function onPath(program: string): string | undefined {
  const directories = (process.env.PATH ?? "").split(":").filter((directory) => directory.startsWith("/"));
  const candidates = directories.flatMap((directory) => [
    join(directory, `${program}-static`),
    join(directory, program),
  ]);
  return candidates.find((path) => existsSync(path));
}
