/**
 * Where unfinished builds lie: one directory for each run of the store, `.tmp/<unique>`, and beside it
 * `.tmp/<unique>.lock`, a second name of its owner's file of temporary roots, which is locked while the owner lives.
 */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { linkSync, mkdirSync, readdirSync, removeTree } from "../os/files.ts";
import { lockFile } from "../os/locks.ts";
import { storeNames } from "../paths.ts";
import type { TemporaryRoots } from "./temporary-roots.ts";

/** A directory of this run alone; disposing of it removes it. */
export interface Workspace extends AsyncDisposable {
  readonly directory: string;
}

/** Removes what dead processes left behind, then makes a new workspace. */
export async function openWorkspace(storeDirectory: string, roots: TemporaryRoots): Promise<Workspace> {
  const parent = join(storeDirectory, storeNames.temporary);
  await removeLeftovers(parent);
  const directory = join(parent, `${process.pid}-${randomBytes(6).toString("hex")}`);
  // Locked before the directory is there, so that it is never taken for a leftover.
  linkSync(await roots.file(), lockOf(directory));
  mkdirSync(directory, { mode: 0o700 });
  return { directory, [Symbol.asyncDispose]: () => removeWorkspace(directory) };
}

async function removeLeftovers(parent: string): Promise<void> {
  const owners = new Set(readdirSync(parent).map((name) => name.replace(/\.lock$/, "")));
  for (const owner of owners) {
    const directory = join(parent, owner);
    const lock = await lockFile(lockOf(directory), { wait: false });
    if (!lock) continue;
    await using _ = lock;
    await removeWorkspace(directory);
  }
}

/** The lock goes last: its name is never used again, so nobody waits for it. */
async function removeWorkspace(directory: string): Promise<void> {
  await removeTree(directory);
  await removeTree(lockOf(directory));
}

function lockOf(directory: string): string {
  return `${directory}.lock`;
}
