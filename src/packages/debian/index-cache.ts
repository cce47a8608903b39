/** Indices on the disk, named by what they were made from: the tables, then the texts. */
import { createHash, randomUUID } from "node:crypto";
import { join } from "node:path";
import { systemCode } from "../../errors.ts";
import {
  closeSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "../../os/files.ts";
import {
  deserializeTables,
  FORMAT,
  HEADER_LENGTH,
  type IndexTables,
  serializeTables,
  tablesLength,
} from "./index-tables.ts";
import { type IndexTexts, textsInFile } from "./index-texts.ts";

/** The two parts of an index. */
export interface IndexParts {
  readonly tables: IndexTables;
  readonly texts: IndexTexts;
}

/**
 * The index that is kept for these inputs; undefined when there is none, or when its tables are damaged, or it is cut
 * short or from another version of the program. Checksums find damage, not malice: who can write there can write to the
 * store as well.
 */
export function keptIndex(directory: string, inputs: readonly string[]): IndexParts | undefined {
  const path = pathOf(directory, inputs);
  try {
    const size = statSync(path).size;
    const length = tablesLength(readPart(path, 0, HEADER_LENGTH));
    if (length === undefined || length > size) return undefined;
    const tables = deserializeTables(readPart(path, 0, length));
    const textLength = tables?.textLengths.reduce((sum, one) => sum + one, 0);
    if (tables === undefined || textLength !== size - length) return undefined;
    return { tables, texts: textsInFile(tables.stanzas, path, length, textLength) };
  } catch (error) {
    if (systemCode(error) === "ENOENT" || systemCode(error) === "ENOTDIR") return undefined;
    throw error;
  }
}

/** In memory of its own, where words can be. */
function readPart(path: string, start: number, length: number): Buffer {
  const file = openSync(path, "r");
  try {
    const bytes = Buffer.from(new ArrayBuffer(length));
    return bytes.subarray(0, readSync(file, bytes, 0, length, start));
  } finally {
    closeSync(file);
  }
}

/**
 * Keeps an index for the next time. A directory that cannot be written to costs time then, no more. Nothing depends
 * on the file after a crash, so it is not synced: one that is half written fails its checksums.
 */
export function keepIndex(
  directory: string,
  inputs: readonly string[],
  tables: IndexTables,
  texts: readonly Buffer[],
): void {
  const path = pathOf(directory, inputs);
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    mkdirSync(directory, { recursive: true });
    const file = openSync(temporary, "wx", 0o600);
    try {
      for (const part of [serializeTables(tables), ...texts]) writeWhole(file, part);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    if (!["EACCES", "EPERM", "EROFS", "ENOSPC", "EDQUOT"].includes(systemCode(error) ?? "")) throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}

function writeWhole(file: number, part: Buffer): void {
  for (let at = 0; at < part.length; ) at += writeSync(file, part, at);
}

function pathOf(directory: string, inputs: readonly string[]): string {
  const key = createHash("sha256").update(JSON.stringify([FORMAT, ...inputs]));
  return join(directory, key.digest("hex"));
}
