/** Compact indices on the disk, named by what they were made from. */
import { createHash, randomUUID } from "node:crypto";
import { join } from "node:path";
import { systemCode } from "../../errors.ts";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "../../os/files.ts";
import { deserializeTables, FORMAT, type IndexTables, serializeTables } from "./index-tables.ts";

/**
 * The tables that are kept for these inputs; undefined when there are none, or when they are damaged, cut short
 * or from another version of the program. The checksum finds damage, not malice: who can write there can write
 * to the store as well.
 */
export function keptTables(directory: string, inputs: readonly string[]): IndexTables | undefined {
  try {
    return deserializeTables(readFileSync(pathOf(directory, inputs)));
  } catch (error) {
    if (systemCode(error) === "ENOENT" || systemCode(error) === "ENOTDIR") return undefined;
    throw error;
  }
}

/**
 * Keeps tables for the next time. A directory that cannot be written to costs time then, no more. Nothing depends
 * on the file after a crash, so it is not synced: one that is half written fails its checksum.
 */
export function keepTables(directory: string, inputs: readonly string[], tables: IndexTables): void {
  const path = pathOf(directory, inputs);
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    mkdirSync(directory, { recursive: true });
    writeFileSync(temporary, serializeTables(tables), { mode: 0o600 });
    renameSync(temporary, path);
  } catch (error) {
    if (!["EACCES", "EPERM", "EROFS", "ENOSPC", "EDQUOT"].includes(systemCode(error) ?? "")) throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}

function pathOf(directory: string, inputs: readonly string[]): string {
  const key = createHash("sha256").update(JSON.stringify([FORMAT, ...inputs]));
  return join(directory, key.digest("hex"));
}
