/** Info records: what the store knows about each of its paths, beside the path. */
import { join } from "node:path";
import { MicrovmError, messageOf } from "../errors.ts";
import { readTextIfExists } from "../os/files.ts";
import { storeNames } from "../paths.ts";
import { isStorePathName, type RecipeRecord } from "./recipe.ts";
import { recordFault } from "./record-shape.ts";

/** What is written down about one store path. */
export interface InfoRecord {
  readonly version: 1;
  readonly recipe: RecipeRecord;
  /** Names of the store paths that it needs at run time, sorted. */
  readonly references: readonly string[];
  /** SHA-256, in hexadecimal, of the tree in canonical form. */
  readonly digest: string;
  /** SHA-256 of its extended attributes (`digestAttributes`); absent for what has none, and where they could not be read. */
  readonly attributes?: string;
  /** Bytes in regular files. */
  readonly size: number;
  /** When it was built, ISO 8601. */
  readonly time: string;
}

/** The file that holds the record of a store path. */
export function infoFile(directory: string, name: string): string {
  return join(directory, storeNames.info, `${name}.json`);
}

/** Reads the record of a store path. None, or a damaged one, is an error (`store-invalid`). */
export function readInfo(directory: string, name: string): InfoRecord {
  if (!isStorePathName(name)) throw new MicrovmError("store-invalid", `"${name}" is not a store path`);
  const file = infoFile(directory, name);
  const text = readTextIfExists(file);
  if (text === undefined) {
    throw new MicrovmError("store-invalid", `"${name}" is not in the store "${directory}"`, {
      hint: "Build again what needs it",
    });
  }
  let record: unknown;
  try {
    record = JSON.parse(text);
  } catch (error) {
    throw damaged(file, messageOf(error));
  }
  const fault = recordFault(record);
  if (fault !== undefined) throw damaged(file, fault);
  return record as InfoRecord;
}

function damaged(file: string, why: string): MicrovmError {
  return new MicrovmError("store-invalid", `Cannot read the info record "${file}": ${why}`, {
    hint: "Remove this file and build again: the store path is then made anew",
  });
}
