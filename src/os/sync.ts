/** Making what was written survive a loss of power. */
import { closeSync, fsyncSync, openSync, promises } from "node:fs";
import { setImmediate, setTimeout } from "node:timers/promises";
import { run } from "./processes.ts";

/** How long, in milliseconds, a shared sync waits for others who will want it, and how often it looks. */
const SHARING = { most: 100, every: 5 };

/** Waits until a file's content is on the disk. */
export async function syncFile(path: string): Promise<void> {
  const file = await promises.open(path, "r");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Waits until the names in a directory are on the disk. */
export function syncDirectory(path: string): void {
  const directory = openSync(path, "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

/**
 * Waits until everything written to the path's file system is on the disk: syncfs(2), by `sync -f`, since Node
 * has no call for it. For many files it is far faster than syncing one after the other.
 */
export async function syncFileSystem(path: string): Promise<void> {
  await run(["sync", "-f", path]);
}

/**
 * `syncFileSystem` for many who ask at about the same time: one sync for all. While `more` says that others are about
 * to ask it waits for them, 0.1 s at most.
 */
export function sharedSync(path: string, more: () => boolean): () => Promise<void> {
  let next: Promise<void> | undefined;
  const share = async () => {
    const latest = performance.now() + SHARING.most;
    await setImmediate();
    while (more() && performance.now() < latest) await setTimeout(SHARING.every);
    // What is written from here on, this sync may miss.
    next = undefined;
    await syncFileSystem(path);
  };
  return () => {
    next ??= share();
    return next;
  };
}
