/** Indices of package sets, downloaded and parsed: no store paths, and needed only while they are what the mirror has. */
import { join } from "node:path";
import { systemCode } from "../errors.ts";
import { lstatSync, readdirSync, rmSync } from "../os/files.ts";
import { storeNames } from "../paths.ts";

const HOUR = 3_600_000;

/** For how long, in milliseconds, an index is kept after its download. A suite that changes at all does so by then. */
const KEPT = 30 * 24 * HOUR;

/** Which indices go. */
interface IndexOptions {
  /** Else all go but those of the last hour, which a process may be about to read. */
  readonly keepInputs: boolean;
  readonly dryRun?: boolean;
}

/** Removes old indices; tells how many, and their bytes on the disk. */
export function removeOldIndices(directory: string, { keepInputs, dryRun = false }: IndexOptions) {
  const parent = join(directory, storeNames.indices);
  const before = Date.now() - (keepInputs ? KEPT : HOUR);
  const old = list(parent)
    .map((name) => join(parent, name))
    .map((path) => ({ path, stats: lstatSync(path, { throwIfNoEntry: false }) }))
    .filter(({ stats }) => stats?.isFile() && stats.mtimeMs < before);
  if (!dryRun) for (const { path } of old) rmSync(path, { force: true });
  return { count: old.length, bytes: old.reduce((sum, { stats }) => sum + stats!.blocks * 512, 0) };
}

function list(directory: string): string[] {
  try {
    // Those that were parsed lie in a directory of their own.
    return readdirSync(directory, { recursive: true, encoding: "utf8" });
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  }
}
