/**
 * Optimising: equal files of different store paths become one file on the disk, by hard links.
 *
 * Equal are files of one size, mode, owner, content and time (which is the same in the whole store), without extended
 * attributes. Which names inside one path are links of one file stays as it is, since builders see it (mkfs.erofs
 * makes links of them): the first of several equal files of a path is linked with the firsts of other paths, the
 * second with the seconds, and so on.
 *
 * A name is replaced in one step: the file's new link is made in a workspace and renamed over the old one. Contents
 * are compared byte by byte before. Nothing ever writes to a file in the store: scripts and guests see layers below
 * overlayfs, which copies a file before it is changed.
 */
import { dirname, join } from "node:path";
import { systemCode } from "../errors.ts";
import { readAttributes, type TreeAttributes } from "../os/attributes.ts";
import { linkSync, lstatSync, lutimesSync, renameSync } from "../os/files.ts";
import { lockFile } from "../os/locks.ts";
import { storeNames } from "../paths.ts";
import { prepareDirectory } from "./directory.ts";
import { explainStoreFailure } from "./failures.ts";
import { presentNames } from "./names.ts";
import { firstDifferentByte } from "./same-content.ts";
import { openTemporaryRoots } from "./temporary-roots.ts";
import { hashFile, STORE_TIME, takeTurns, walkTree } from "./tree.ts";
import { openWorkspace } from "./workspace.ts";

/** What came of it. */
export interface Optimised {
  /** Names that lead to another, equal file now. */
  readonly linked: number;
  /** Bytes on the disk that this frees. */
  readonly saved: number;
}

/** How it is told and stopped. */
interface OptimiseOptions {
  readonly signal?: AbortSignal;
  /** Called as groups of files of one size are gone through. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** One file of one store path, with its names there. */
interface StoreFile {
  readonly tree: string;
  readonly inode: number;
  readonly links: number;
  /** Absolute. */
  readonly names: string[];
}

/** Files that may be equal: of one size, mode and owner. */
type Candidates = Map<string, Map<string, StoreFile>>;

/** Lock file, in the store's directory of locks: one process optimises at a time. */
const OPTIMISING = "optimising";

/** Optimises the whole store. Errors: `permission-denied`, `tool-missing` (perl), `no-space`. */
export async function optimiseStore(directory: string, options: OptimiseOptions = {}): Promise<Optimised> {
  prepareDirectory(directory);
  await using _ = await lockFile(join(directory, storeNames.locks, OPTIMISING), options);
  await using roots = openTemporaryRoots(directory);
  await roots.add(presentNames(directory));
  await using workspace = await openWorkspace(directory, roots);
  try {
    const groups = [...(await findCandidates(directory)).values()].filter((group) => group.size > 1);
    const linker = makeLinker(directory, join(workspace.directory, "link"));
    const turn = takeTurns();
    for (const [done, group] of groups.entries()) {
      options.signal?.throwIfAborted();
      options.onProgress?.(done, groups.length);
      for (const equal of await byContent([...group.values()])) await linkEqual(linker, equal);
      if (turn.over()) await turn.yield();
    }
    return linker.result();
  } catch (error) {
    throw explainStoreFailure(directory, error);
  }
}

async function findCandidates(directory: string): Promise<Candidates> {
  const turn = takeTurns();
  const candidates: Candidates = new Map();
  for (const tree of presentNames(directory)) {
    for (const { path, stats } of walkTree(join(directory, tree))) {
      if (turn.over()) await turn.yield();
      if (!stats.isFile() || stats.size === 0) continue;
      const likeness = [stats.size, stats.mode, stats.uid, stats.gid].join(" ");
      const group = candidates.get(likeness) ?? new Map<string, StoreFile>();
      candidates.set(likeness, group);
      const id = `${tree} ${stats.ino}`;
      const known = group.get(id);
      if (known) known.names.push(path);
      else group.set(id, { tree, inode: stats.ino, links: stats.nlink, names: [path] });
    }
  }
  return candidates;
}

/** Files by their content; contents that only one file has are left out. Each file on the disk is read once. */
async function byContent(files: readonly StoreFile[]): Promise<StoreFile[][]> {
  if (new Set(files.map(({ inode }) => inode)).size === 1) return [];
  const sums = new Map<number, string>();
  const found = new Map<string, StoreFile[]>();
  for (const file of files) {
    const sum = sums.get(file.inode) ?? (await hashFile(file.names[0]!));
    sums.set(file.inode, sum);
    found.set(sum, [...(found.get(sum) ?? []), file]);
  }
  return [...found.values()].filter((equal) => equal.length > 1);
}

/** Links the firsts of all trees with each other, then the seconds, and so on. */
async function linkEqual(linker: Linker, equal: readonly StoreFile[]): Promise<void> {
  const slots: StoreFile[][] = [];
  const counts = new Map<string, number>();
  for (const file of equal) {
    const slot = counts.get(file.tree) ?? 0;
    counts.set(file.tree, slot + 1);
    slots[slot] ??= [];
    slots[slot].push(file);
  }
  for (const files of slots) {
    const [kept, ...others] = files.sort((one, other) => other.links - one.links);
    for (const file of others) if (file.inode !== kept!.inode) await linker.link(kept!, file);
  }
}

interface Linker {
  /** Makes all names of `file` lead to `kept`. Nothing happens when they are not equal after all. */
  link(kept: StoreFile, file: StoreFile): Promise<void>;
  result(): Optimised;
}

/** `temporary` is a name on the store's file system that nobody else uses. */
function makeLinker(directory: string, temporary: string): Linker {
  const attributes = new Map<string, Promise<TreeAttributes>>();
  let linked = 0;
  let saved = 0;
  const hasAttributes = async ({ tree, names }: StoreFile) => {
    const root = join(directory, tree);
    if (!attributes.has(tree)) attributes.set(tree, readAttributes(root));
    const known = await attributes.get(tree)!;
    return names.some((name) => known.has(name.slice(root.length + 1)));
  };
  const replace = (name: string, kept: string) => {
    const { nlink, blocks } = lstatSync(name);
    linkSync(kept, temporary);
    renameSync(temporary, name);
    if (dirname(name) !== directory) lutimesSync(dirname(name), STORE_TIME, STORE_TIME);
    linked += 1;
    if (nlink === 1) saved += blocks * 512;
  };
  return {
    async link(kept, file) {
      if ((await hasAttributes(kept)) || (await hasAttributes(file))) return;
      try {
        if (firstDifferentByte(kept.names[0]!, file.names[0]!) !== undefined) return;
        for (const name of file.names) replace(name, kept.names[0]!);
      } catch (error) {
        // A file has as many names as it may have, or somebody removed the path by hand.
        if (!["EMLINK", "ENOENT"].includes(systemCode(error) ?? "")) throw error;
      }
    },
    result: () => ({ linked, saved }),
  };
}
