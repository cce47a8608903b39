/** Making what was written survive a loss of power. */
import { closeSync, fsyncSync, openSync, promises } from "node:fs";
import { run } from "./processes.ts";

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

/** By path: the sync that runs, and the one that begins after it. */
const running = new Map<string, Promise<void>>();
const waiting = new Map<string, Promise<void>>();

/**
 * Waits until everything written to the path's file system before this call is on the disk: syncfs(2), by `sync -f`,
 * since Node has no call for it. For many files it is far faster than syncing one after the other. Who asks for the
 * same path while one runs shares the next one, so that many trees that are ready at once take one sync.
 */
export function syncFileSystem(path: string): Promise<void> {
  const known = waiting.get(path);
  if (known) return known;
  const next = (running.get(path) ?? Promise.resolve())
    .catch(() => {})
    .then(async () => {
      waiting.delete(path);
      const sync = run(["sync", "-f", path]).then(() => {});
      running.set(path, sync);
      try {
        await sync;
      } finally {
        if (running.get(path) === sync) running.delete(path);
      }
    });
  waiting.set(path, next);
  return next;
}
