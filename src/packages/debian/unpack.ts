/**
 * Unpacking packages into a directory, several at once. The result does not depend on which thread was faster:
 * what two packages ship is that of the later one in order, and a directory's owner and mode are those of the
 * first, as with dpkg.
 */
import { join } from "node:path";
import { chmodSync, lchownSync, lutimesSync, mkdirSync, readdirSync, symlinkSync } from "../../os/files.ts";
import type { XzProgram } from "../../os/xz-decoder.ts";
import { fieldOf, parseParagraphs } from "./control.ts";
import { type RecordedPackage, writeDatabase } from "./dpkg-database.ts";
import { invalid } from "./invalid.ts";
import type { PathFilter } from "./path-filter.ts";
import type { Tree } from "./tree-writer.ts";
import type { UnpackedDeb } from "./unpack-deb.ts";
import { openUnpackPool, type UnpackPool } from "./unpack-pool.ts";

/** What is unpacked, and where. */
export interface UnpackOptions {
  /** Paths of .deb files, in the order of installation. */
  readonly debs: readonly string[];
  /** Fulfilled when the .deb at a path is there. Default: all are. */
  readonly arrival?: (deb: string) => Promise<void>;
  /** An existing directory. */
  readonly root: string;
  /** Read-only layers below the root, the nearest first. */
  readonly lowers?: readonly string[];
  /** Paths to leave out. */
  readonly exclude?: PathFilter;
  /**
   * `system`: conffiles wait as `PATH.dpkg-new` and dpkg's database is written, for `dpkg --configure` to go
   * on. `tools`: only the files.
   */
  readonly mode: "system" | "tools";
  /** The program for xz. Default: a library, which takes almost three times as long. */
  readonly xz?: XzProgram;
  /** Called after each package. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** An unpacked package. */
export interface UnpackedPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  /** `same`, `foreign`, `allowed` or `no`. */
  readonly multiArch: string;
  /** All fields of its control file. */
  readonly fields: Readonly<Record<string, string>>;
  /** Whether it wanted a script run before it is unpacked. */
  readonly hasPreinst: boolean;
  /** Absolute paths of everything that it ships, as dpkg lists them. */
  readonly files: readonly string[];
}

/** Unpacks packages; tells of each, in the same order. Errors: `package-invalid`, and the file system's own. The root may then hold a part. */
export async function unpackPackages(options: UnpackOptions): Promise<readonly UnpackedPackage[]> {
  const { debs, root, lowers = [], mode } = options;
  const tree: Tree = { root, lowers };
  await using pool = openUnpackPool(tree, options.xz);
  const before = mergeUsr(tree, debs);
  const unpacked = await unpackAll(pool, options);
  await rewriteShared(pool, options, unpacked);
  finishDirectories(tree, unpacked, before);
  const recorded = unpacked.map((deb, index) => record(deb, debs[index]!));
  if (mode === "system" && debs.length > 0) writeDatabase(tree, recorded, architectureOf(recorded));
  return recorded.map(describe);
}

/**
 * In an empty root `/bin` and its like become links into `/usr`, as every installer of Debian makes them.
 * Returns the directories that it made.
 */
function mergeUsr({ root, lowers }: Tree, debs: readonly string[]): readonly string[] {
  if (lowers.length > 0 || readdirSync(root).length > 0) return [];
  // The loader's directory on 64-bit architectures whose ABI names it.
  const hasLib64 = debs.some((deb) => /_(amd64|loong64|mips64el|ppc64el)\.deb$/.test(deb));
  const names = ["bin", "lib", "sbin", ...(hasLib64 ? ["lib64"] : [])];
  for (const name of names) {
    mkdirSync(join(root, "usr", name), { recursive: true });
    symlinkSync(`usr/${name}`, join(root, name));
  }
  return ["usr", ...names.map((name) => `usr/${name}`)];
}

/** Each as soon as it is there; base-files first and alone, since it makes the links that others' paths lead through. */
async function unpackAll(pool: UnpackPool, options: UnpackOptions): Promise<readonly UnpackedDeb[]> {
  const { debs, mode, exclude, arrival, onProgress } = options;
  const results = new Array<UnpackedDeb>(debs.length);
  let done = 0;
  const unpack = async (index: number) => {
    const deb = debs[index]!;
    await arrival?.(deb);
    results[index] = await pool.unpack(deb, { isSystem: mode === "system", filter: exclude });
    onProgress?.(++done, debs.length);
  };
  const isFirst = (index: number) => /(^|\/|-)base-files_/.test(debs[index]!);
  const order = [...debs.keys()];
  for (const index of order.filter(isFirst)) await unpack(index);
  const outcomes = await Promise.allSettled(order.filter((index) => !isFirst(index)).map(unpack));
  const failed = outcomes.find((outcome) => outcome.status === "rejected");
  if (failed) throw failed.reason;
  return results;
}

/** What several packages ship is written again from the last of them. */
async function rewriteShared(
  pool: UnpackPool,
  { debs, mode, exclude }: UnpackOptions,
  unpacked: readonly UnpackedDeb[],
): Promise<void> {
  const owners = new Map<string, number>();
  const shared = new Map<string, number>();
  for (const [index, { placed }] of unpacked.entries()) {
    for (const real of placed) {
      const owner = owners.get(real);
      if (owner !== undefined && owner !== index) shared.set(real, index);
      owners.set(real, index);
    }
  }
  const byOwner = Map.groupBy(shared.keys(), (real) => shared.get(real)!);
  for (const [index, only] of byOwner) {
    await pool.unpack(debs[index]!, { isSystem: mode === "system", filter: exclude, only });
  }
}

/** Gives the directories that are new what the first package that ships them says. */
function finishDirectories(tree: Tree, unpacked: readonly UnpackedDeb[], before: readonly string[]): void {
  const unfinished = new Set([...before, ...unpacked.flatMap((deb) => deb.created)]);
  const isRoot = process.getuid?.() === 0;
  // The top exists already, and in an empty tree it is nobody's: base-files says what it is.
  if (before.length > 0) unfinished.add("");
  for (const { real, mode, uid, gid, mtime } of unpacked.flatMap((deb) => deb.directories)) {
    if (!unfinished.delete(real)) continue;
    const path = join(tree.root, real);
    if (isRoot) lchownSync(path, uid, gid);
    chmodSync(path, mode);
    lutimesSync(path, mtime, mtime);
  }
}

/** They become parts of file names, and words of lists: of the syntax of deb-control(5), and of a name's length. */
const NEEDED = {
  Package: /^[a-z0-9][a-z0-9+.-]{0,99}$/,
  Version: /^[0-9A-Za-z.+:~-]{1,200}$/,
  Architecture: /^[a-z0-9-]{1,50}$/,
} as const;

function record(deb: UnpackedDeb, path: string): RecordedPackage {
  const fields = parseParagraphs(deb.control)[0] ?? new Map();
  const isComplete = Object.entries(NEEDED).every(([name, syntax]) =>
    syntax.test(fieldOf(fields, name) ?? ""),
  );
  if (!isComplete) {
    throw invalid(
      path.slice(path.lastIndexOf("/") + 1),
      "its control file lacks a name, a version or an architecture",
    );
  }
  return { fields, deb };
}

function architectureOf(recorded: readonly RecordedPackage[]): string {
  const all = recorded.map(({ fields }) => fieldOf(fields, "Architecture") ?? "all");
  return all.find((architecture) => architecture !== "all") ?? "all";
}

function describe({ fields, deb }: RecordedPackage): UnpackedPackage {
  return {
    name: fieldOf(fields, "Package") ?? "",
    version: fieldOf(fields, "Version") ?? "",
    architecture: fieldOf(fields, "Architecture") ?? "",
    multiArch: fieldOf(fields, "Multi-Arch") ?? "no",
    fields: Object.fromEntries(fields),
    hasPreinst: deb.controlFiles.some((file) => file.name === "preinst"),
    files: deb.files,
  };
}
