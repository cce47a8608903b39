/**
 * The host's own programs: from a package set, unpacked into the store and run through their own loader, or
 * those on the host's `PATH`.
 */
import { join } from "node:path";
import { MicrovmError } from "../errors.ts";
import type { Recipe } from "../store/recipe.ts";

/** Trees of programs; an absent tree means the program on the host's `PATH`. */
export interface HostTools {
  /** Debian's name of the host's architecture. */
  readonly architecture: string;
  readonly hypervisor?: Recipe;
  readonly erofs?: Recipe;
  readonly squashfs?: Recipe;
  /** Programs that make file systems, by package. */
  readonly filesystems?: Readonly<Record<string, Recipe>>;
  /** qemu-img. */
  readonly images?: Recipe;
  /** ssh-keygen. */
  readonly ssh?: Recipe;
  /** ip, for taps. */
  readonly interfaces?: Recipe;
  /** What builds need: depmod and xz. */
  readonly build?: Recipe;
  /** The user-mode emulator for guests of another architecture. */
  readonly emulator?: Recipe;
  /** setfattr, for images of which a file has capabilities. */
  readonly attributes?: Recipe;
}

/** Where a tree keeps its dynamic loader and its libraries, by Debian's name of the architecture. */
const LOADERS: Readonly<Record<string, { readonly loader: string; readonly libraries: string }>> = {
  amd64: { loader: "usr/lib64/ld-linux-x86-64.so.2", libraries: "usr/lib/x86_64-linux-gnu" },
  arm64: { loader: "usr/lib/ld-linux-aarch64.so.1", libraries: "usr/lib/aarch64-linux-gnu" },
};

/** Where programs lie in a tree, by name; others in `usr/bin`. */
const PLACES: Readonly<Record<string, string>> = {
  virtiofsd: "usr/libexec/virtiofsd",
  mke2fs: "usr/sbin/mke2fs",
  "mkfs.xfs": "usr/sbin/mkfs.xfs",
  "mkfs.btrfs": "usr/sbin/mkfs.btrfs",
  "mkfs.fat": "usr/sbin/mkfs.fat",
  depmod: "usr/bin/kmod",
  "qemu-ga": "usr/sbin/qemu-ga",
  dnsmasq: "usr/sbin/dnsmasq",
  nft: "usr/sbin/nft",
};

/** The loader and library directory of a tree, relative to it. */
export function loaderOf(architecture: string): { readonly loader: string; readonly libraries: string } {
  const found = LOADERS[architecture];
  if (!found) throw new Error(`No loader is known for the architecture "${architecture}"`);
  return found;
}

/** Path of a program in a tree, relative to it. */
export function placeOf(program: string): string {
  return PLACES[program] ?? `usr/bin/${program}`;
}

/** The command that runs a program of a tree (absolute path), or of the host when there is no tree. */
export function toolCommand(tree: string | undefined, architecture: string, program: string): string[] {
  if (tree === undefined) return [program];
  const { loader, libraries } = loaderOf(architecture);
  return [
    join(tree, loader),
    ...["--library-path", join(tree, libraries)],
    ...["--argv0", program],
    join(tree, placeOf(program)),
  ];
}

/** Debian's names of Node's architectures. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

/** Debian's name of this machine's architecture. */
export function hostArchitecture(): string {
  const name = ARCHITECTURES[process.arch];
  if (name !== undefined) return name;
  throw new MicrovmError("unsupported", `This machine's architecture "${process.arch}" is not supported`, {
    hint: "Use a machine with x86-64 or 64-bit ARM",
  });
}
