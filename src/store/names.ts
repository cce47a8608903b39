/** Which names a store holds. */
import { systemCode } from "../errors.ts";
import { readdirSync } from "../os/files.ts";
import { storeNames } from "../paths.ts";
import { isPresent } from "./directory.ts";
import { isStorePathName } from "./recipe.ts";

/** The store paths that are there, whole; sorted. A store that is not there has none. */
export function presentNames(directory: string): string[] {
  return list(directory).filter((name) => isStorePathName(name) && isPresent(directory, name));
}

/** Every name of a store path that something in the store has: a path, a record, or both; sorted. */
export function allNames(directory: string): string[] {
  const records = list(`${directory}/${storeNames.info}`)
    .filter((file) => file.endsWith(".json"))
    .map((file) => file.slice(0, -".json".length));
  return [...new Set([...list(directory), ...records])].filter(isStorePathName).sort();
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory).sort();
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  }
}
