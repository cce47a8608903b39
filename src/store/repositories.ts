/** Bare repositories that projects were fetched into: no store paths, and needed only to fetch less another time. */
import { join } from "node:path";
import { lstatSync, readNamesIfExists, removeTree } from "../os/files.ts";
import { lockFile } from "../os/locks.ts";
import { storeNames } from "../paths.ts";
import { diskUsage } from "./disk-usage.ts";
import { isOutOfUse, type KeepOptions } from "./keep-times.ts";

/** The lock of whoever changes a repository, by the repository's name. */
export function repositoryLock(directory: string, name: string): string {
  return join(directory, storeNames.locks, `repository-${name}`);
}

/** Removes those that nobody used lately; tells how many, and their bytes on the disk. Whoever uses one touches it. */
export async function removeOldRepositories(directory: string, options: KeepOptions) {
  const parent = join(directory, storeNames.repositories);
  let [count, bytes] = [0, 0];
  for (const name of readNamesIfExists(parent)) {
    const path = join(parent, name);
    await using lock = await lockFile(repositoryLock(directory, name), { wait: false });
    // Somebody is fetching into it.
    if (!lock || !isOutOfUse(lstatSync(path).mtimeMs, options)) continue;
    bytes += await diskUsage([path]);
    count++;
    if (!options.dryRun) await removeTree(path);
  }
  return { count, bytes };
}
