/** What the files that an evaluation can read are at the moment, as one digest. */
import { createHash, type Hash } from "node:crypto";
import { dirname, extname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { systemCode } from "../errors.ts";
import { lstatSync, readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from "../os/files.ts";
import { programFile } from "../os/program-files.ts";
import { LOCK_FILE } from "../paths.ts";

/** More entries than this, and looking at all of them takes as long as evaluating the project. */
const MOST_ENTRIES = 5000;

/** Files up to this size, in bytes, count by their content: one that is as it was before is the same. */
const CONTENT_LIMIT = 64 * 1024;

/** Times of files are as exact as the kernel's clock ticks, at most a hundredth of a second; in nanoseconds. */
const TICK = 20_000_000n;

/**
 * The digest of a project's tree: its names, and its files by their content; large ones, and those of `node_modules`,
 * by size and times. Absent when something in it cannot be told so: then the project has to be evaluated.
 * `immutable` is a directory, such as the store, whose entries never change. The lock does not count.
 */
export function treeState(root: string, immutable: string): string | undefined {
  if (root.startsWith(immutable + sep)) return "immutable";
  const hash = createHash("sha256");
  try {
    const tree = { hash, immutable, left: MOST_ENTRIES, top: realpathSync(root) };
    return addDirectory(tree, tree.top, "") ? hash.digest("hex") : undefined;
  } catch (error) {
    // What goes away meanwhile, or must not be read, is for the evaluation to tell.
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
}

/**
 * The same of this program: its code, and the Node that runs it. What is built of it names its parts by their content
 * (esbuild's `splitting`), so the files that evaluate and that projects import tell of all that they load.
 */
export function programState(): string {
  const hash = createHash("sha256");
  const [index, child] = (["index", "config/child"] as const).map((name) => fileURLToPath(programFile(name)));
  if (extname(index!) === ".ts") {
    const directory = dirname(index!);
    for (const name of readdirSync(directory, { recursive: true, encoding: "utf8" })) {
      const { size, mtimeMs } = statSync(join(directory, name));
      hash.update(`${name}\0${size} ${mtimeMs}\0`);
    }
  } else for (const file of [index!, child!]) hash.update(readFileSync(file));
  return `${process.version} ${hash.digest("hex")}`;
}

interface Tree {
  readonly hash: Hash;
  readonly immutable: string;
  readonly top: string;
  left: number;
}

/** Whether all of a directory could be told; `below` is its path from the top. */
function addDirectory(tree: Tree, directory: string, below: string): boolean {
  const entries = readdirSync(directory, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  tree.left -= entries.length;
  return (
    tree.left >= 0 &&
    entries.every((entry) => {
      const path = join(directory, entry.name);
      const name = join(below, entry.name);
      if (name === LOCK_FILE || entry.name === ".git") return true;
      tree.hash.update(`${name}\0`);
      if (entry.isDirectory()) return addDirectory(tree, path, name);
      if (entry.isSymbolicLink()) return addLink(tree, path);
      return !entry.isFile() || addFile(tree, path, name.split(sep).includes("node_modules"));
    })
  );
}

function addFile({ hash }: Tree, path: string, byTimes: boolean): boolean {
  const { size, mtimeNs, ctimeNs, ino } = lstatSync(path, { bigint: true });
  if (!byTimes && size <= CONTENT_LIMIT) {
    hash.update(`${size}\0`).update(readFileSync(path));
    return true;
  }
  hash.update(`${size} ${mtimeNs} ${ctimeNs} ${ino}\0`);
  // Another change in the same instant would not be seen.
  return BigInt(Date.now()) * 1_000_000n - ctimeNs > TICK;
}

/** A link counts with the file that it leads to. Directories elsewhere cannot be told, unless they never change. */
function addLink(tree: Tree, path: string): boolean {
  tree.hash.update(`${readlinkSync(path)}\0`);
  const target = statSync(path, { throwIfNoEntry: false });
  if (!target) return true;
  const real = realpathSync(path);
  const isBelow = (directory: string) => real.startsWith(directory + sep);
  if (isBelow(tree.top) || isBelow(tree.immutable)) return true;
  return target.isFile() && addFile(tree, real, false);
}
