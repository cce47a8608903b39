/**
 * Where unfinished builds lie: one directory for each run of the store, `.tmp/<unique>`, with a lock file
 * beside it, `.tmp/<unique>.lock`, that is held while its owner lives.
 */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { mkdirSync, readdirSync, removeTree } from "../os/files.ts";
import { type Lock, lockFile } from "../os/locks.ts";
import { storeNames } from "../paths.ts";

/** A directory of this run alone; disposing of it removes it. */
export interface Workspace extends AsyncDisposable {
  readonly directory: string;
}

/** Lock file, in the store's directory of locks, of who cleans up or begins a workspace. */
const BEGINNING = "workspaces";

/** Removes what dead processes left behind, then makes a new workspace. */
export async function openWorkspace(storeDirectory: string): Promise<Workspace> {
  const parent = join(storeDirectory, storeNames.temporary);
  // One at a time, so that no new workspace is taken for a leftover before its lock is held.
  await using _ = await lockFile(join(storeDirectory, storeNames.locks, BEGINNING));
  await removeLeftovers(parent);
  const directory = join(parent, `${process.pid}-${randomBytes(6).toString("hex")}`);
  const lock = await lockFile(lockOf(directory));
  mkdirSync(directory, { mode: 0o700 });
  return { directory, [Symbol.asyncDispose]: () => removeWorkspace(directory, lock) };
}

async function removeLeftovers(parent: string): Promise<void> {
  const owners = new Set(readdirSync(parent).map((name) => name.replace(/\.lock$/, "")));
  for (const owner of owners) {
    const directory = join(parent, owner);
    const lock = await lockFile(lockOf(directory), { wait: false });
    if (lock) await removeWorkspace(directory, lock);
  }
}

/** The lock file goes last and while it is held: its name is never used again, so nobody waits for it. */
async function removeWorkspace(directory: string, lock: Lock): Promise<void> {
  try {
    await removeTree(directory);
    await removeTree(lockOf(directory));
  } finally {
    await lock.release();
  }
}

function lockOf(directory: string): string {
  return `${directory}.lock`;
}
