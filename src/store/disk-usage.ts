import { lstatSync } from "../os/files.ts";
import { takeTurns, walkTree } from "./tree.ts";

/** Bytes of one block as stat(2) counts them. */
const BLOCK = 512;

/**
 * Bytes on the disk that removing these trees frees. A file with several names counts once, and only when all
 * its names are in the trees. Trees that are not there count nothing.
 */
export async function diskUsage(trees: readonly string[]): Promise<number> {
  const turn = takeTurns();
  const shared = new Map<string, number>();
  let bytes = 0;
  for (const tree of trees) {
    if (!lstatSync(tree, { throwIfNoEntry: false })) continue;
    for (const { stats } of walkTree(tree)) {
      if (turn.over()) await turn.yield();
      if (!stats.isDirectory() && stats.nlink > 1) {
        const id = `${stats.dev}:${stats.ino}`;
        const seen = (shared.get(id) ?? 0) + 1;
        shared.set(id, seen);
        if (seen < stats.nlink) continue;
      }
      bytes += stats.blocks * BLOCK;
    }
  }
  return bytes;
}
