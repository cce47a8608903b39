/** Compact indices on the disk, named by what they were made from. */
import { createHash, randomUUID } from "node:crypto";
import { join } from "node:path";
import { systemCode } from "../../errors.ts";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "../../os/files.ts";
import { deserializeTables, FORMAT, type IndexTables, serializeTables } from "./index-tables.ts";

/**
 * The tables for these inputs: those that are kept, or new ones, which are then kept. A file that is damaged,
 * cut short or from another version of the program is replaced. Its checksum finds damage, not malice: who can
 * write there can write to the store as well. A directory that cannot be written to costs time, no more.
 */
export function cachedTables(
  directory: string,
  inputs: readonly string[],
  build: () => IndexTables,
): IndexTables {
  const key = createHash("sha256")
    .update(JSON.stringify([FORMAT, ...inputs]))
    .digest("hex");
  const path = join(directory, key);
  const kept = readKept(path);
  if (kept) return kept;
  const tables = build();
  keep(directory, path, serializeTables(tables));
  return tables;
}

function readKept(path: string): IndexTables | undefined {
  try {
    return deserializeTables(readFileSync(path));
  } catch (error) {
    if (systemCode(error) === "ENOENT" || systemCode(error) === "ENOTDIR") return undefined;
    throw error;
  }
}

/** Nothing depends on it after a crash, so it is not synced: a half-written one fails its checksum. */
function keep(directory: string, path: string, content: Buffer): void {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    mkdirSync(directory, { recursive: true });
    writeFileSync(temporary, content, { mode: 0o600 });
    renameSync(temporary, path);
  } catch (error) {
    if (!["EACCES", "EPERM", "EROFS", "ENOSPC", "EDQUOT"].includes(systemCode(error) ?? "")) throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}
