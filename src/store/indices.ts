/** Indices of package sets, downloaded and parsed: no store paths, and needed only while they are what the mirror has. */
import { join } from "node:path";
import { lstatSync, readNamesIfExists, rmSync } from "../os/files.ts";
import { storeNames } from "../paths.ts";
import { isOutOfUse, type KeepOptions } from "./keep-times.ts";

/** Removes old indices; tells how many, and their bytes on the disk. */
export function removeOldIndices(directory: string, options: KeepOptions) {
  const parent = join(directory, storeNames.indices);
  // Those that were parsed lie in a directory of their own.
  const old = readNamesIfExists(parent, { recursive: true })
    .map((name) => join(parent, name))
    .map((path) => ({ path, stats: lstatSync(path, { throwIfNoEntry: false }) }))
    .filter(({ stats }) => stats?.isFile() && isOutOfUse(stats.mtimeMs, options));
  if (!options.dryRun) for (const { path } of old) rmSync(path, { force: true });
  return { count: old.length, bytes: old.reduce((sum, { stats }) => sum + stats!.blocks * 512, 0) };
}
