/** The packages that a store path was made of, by its record. */
import type { Part } from "../store/closure-diff.ts";
import type { InfoRecord } from "../store/info.ts";

/** A package file's name in the store: NAME_VERSION_ARCHITECTURE.deb behind the hash; see `debRecipe`. */
const PACKAGE_FILE = /^[^-]{32}-([^_]+)_(.+)_([^_]+)\.deb$/;

/**
 * Packages with their versions. Names of store paths have `_` for the marks that they may not hold; in versions
 * (deb-version(7)) those are the colon behind an epoch and the tilde.
 */
export function packageParts({ recipe }: InfoRecord): Part[] {
  return [recipe.inputs.debs ?? []].flat().flatMap((path) => {
    const [, name, mangled] = PACKAGE_FILE.exec(path) ?? [];
    if (name === undefined || mangled === undefined) return [];
    return [{ name, version: mangled.replace(/^(\d+)_/, "$1:").replaceAll("_", "~") }];
  });
}
