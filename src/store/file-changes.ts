/** What differs between two trees. */
import { readlinkSync, type Stats } from "../os/files.ts";
import { firstDifferentByte } from "./same-content.ts";
import { type TreeEntry, takeTurns, walkTree } from "./tree.ts";

/** One entry that differs. */
export interface FileChange {
  /** Relative to the tree; empty for the top itself. */
  readonly path: string;
  /** What differs, the plainest first: see {@link difference}. */
  readonly what: string;
  /** Bytes in regular files on either side; 0 where there is none. */
  readonly sizeBefore: number;
  readonly sizeAfter: number;
}

/** Every entry that differs, in the order of a walk; at most `limit`. Times do not count. */
export async function fileChanges(before: string, after: string, limit = Infinity): Promise<FileChange[]> {
  const turn = takeTurns();
  const changes: FileChange[] = [];
  for (const { path, old, young } of pairs(before, after)) {
    if (turn.over()) await turn.yield();
    const what = difference(old, young);
    if (what === undefined) continue;
    changes.push({ path, what, sizeBefore: fileSize(old), sizeAfter: fileSize(young) });
    if (changes.length >= limit) break;
  }
  return changes;
}

interface Pair {
  readonly path: string;
  readonly old: TreeEntry | undefined;
  readonly young: TreeEntry | undefined;
}

/** Two walks in step: both go by the same order. */
function* pairs(before: string, after: string): Generator<Pair> {
  const walks = [walkTree(before), walkTree(after)] as const;
  let [old, young] = walks.map((walk) => walk.next().value as TreeEntry | undefined);
  while (old || young) {
    const order = compareInWalk(old?.relative, young?.relative);
    const here: Pair = {
      path: (order <= 0 ? old : young)!.relative,
      old: order <= 0 ? old : undefined,
      young: order >= 0 ? young : undefined,
    };
    yield here;
    if (here.old) old = walks[0].next().value as TreeEntry | undefined;
    if (here.young) young = walks[1].next().value as TreeEntry | undefined;
  }
}

/** How two relative paths stand to each other in a walk with sorted names: negative, 0 or positive. None comes last. */
export function compareInWalk(one: string | undefined, other: string | undefined): number {
  if (one === other) return 0;
  if (one === undefined) return 1;
  if (other === undefined) return -1;
  const a = one.split("/");
  const b = other.split("/");
  const index = a.findIndex((part, position) => part !== b[position]);
  // One is above the other, or they part at a name. The top is the empty path.
  if (one === "" || index === -1) return -1;
  if (other === "" || b[index] === undefined) return 1;
  return a[index]! < b[index]! ? -1 : 1;
}

/**
 * What differs between two entries of one path, for a person: `added`, `removed`, its type, mode, owner, size or
 * content with the offset of the first byte, link's target or device's number; undefined when nothing does.
 */
function difference(old: TreeEntry | undefined, young: TreeEntry | undefined): string | undefined {
  if (!old) return "added";
  if (!young) return "removed";
  const [a, b] = [old.stats, young.stats];
  if (typeOf(a) !== typeOf(b)) return `type ${typeOf(a)} and ${typeOf(b)}`;
  if (modeOf(old) !== modeOf(young)) return `mode ${modeOf(old)} and ${modeOf(young)}`;
  if (a.uid !== b.uid || a.gid !== b.gid) return `owner ${a.uid}:${a.gid} and ${b.uid}:${b.gid}`;
  if (a.isFile()) return contentDifference(old, young);
  if (a.isSymbolicLink()) {
    const [to, toOther] = [readlinkSync(old.path), readlinkSync(young.path)];
    return to === toOther ? undefined : `link to "${to}" and "${toOther}"`;
  }
  if (!a.isDirectory() && a.rdev !== b.rdev) return `device ${a.rdev} and ${b.rdev}`;
  return undefined;
}

function contentDifference(old: TreeEntry, young: TreeEntry): string | undefined {
  const offset = firstDifferentByte(old.path, young.path);
  if (offset === undefined) return undefined;
  const sizes =
    old.stats.size === young.stats.size ? "" : `, size ${old.stats.size} and ${young.stats.size} bytes`;
  return `content from byte ${offset} on${sizes}`;
}

function typeOf(stats: Stats): string {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "directory";
  return stats.isSymbolicLink() ? "link" : "device";
}

/** Whether the owner may write to the top directory does not count: see `summariseTree`. */
function modeOf({ relative, stats }: TreeEntry): string {
  const mode = stats.mode & 0o7777;
  return (relative === "" && stats.isDirectory() ? mode & ~0o200 : mode).toString(8).padStart(4, "0");
}

function fileSize(entry: TreeEntry | undefined): number {
  return entry?.stats.isFile() ? entry.stats.size : 0;
}
