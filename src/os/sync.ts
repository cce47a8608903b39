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

/**
 * Waits until everything written to the path's file system is on the disk: syncfs(2), by `sync -f`, since Node
 * has no call for it. For many files it is far faster than syncing one after the other.
 */
export async function syncFileSystem(path: string): Promise<void> {
  await run(["sync", "-f", path]);
}
