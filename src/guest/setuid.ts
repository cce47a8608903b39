/** Keeps rights of owners and groups to files that a guest's policy names. */
import { join } from "node:path";
import { chmodSync, lstatSync, readdirSync } from "../os/files.ts";

/** S_ISUID and S_ISGID of inode(7). */
const SET_ID = 0o6000;

/**
 * Takes the set-user-id and set-group-id bits from all regular files below `root` but the allowed, which are absolute
 * paths in the guest. Gives the paths of those that had one, sorted.
 */
export function takeSetuid(root: string, allowed: readonly string[]): string[] {
  const taken: string[] = [];
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    const path = file.slice(root.length);
    const { mode } = lstatSync(file);
    if ((mode & SET_ID) === 0 || allowed.includes(path)) continue;
    chmodSync(file, mode & 0o1777);
    taken.push(path);
  }
  return taken.sort();
}
