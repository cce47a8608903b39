import { renameSync } from "node:fs";
import { runToEnd } from "./processes.ts";

/**
 * Puts a tree in another's place; afterwards `tree` is what was there. In one step where the host's `mv` can do it
 * (renameat2(2) with RENAME_EXCHANGE; coreutils 9.5); else there is nothing at `place` for an instant.
 */
export async function exchangeTrees(tree: string, place: string): Promise<void> {
  const { code } = await runToEnd(["mv", "--exchange", "--no-target-directory", "--", tree, place]);
  if (code === 0) return;
  const aside = `${tree}.old`;
  renameSync(place, aside);
  renameSync(tree, place);
  renameSync(aside, tree);
}
