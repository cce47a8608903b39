/** Package files as recipes. */
import type { NamedPackage } from "../packages/debian/lock-packages.ts";
import type { DebianPackageSet } from "../packages/debian/package-set.ts";
import { packageSetKey } from "../packages/debian/package-set-key.ts";
import type { Recipe } from "../store/recipe.ts";

/** What fetches a package file is told. */
export interface DebParams {
  /** Key of the package set, which says whose mirror has it. */
  readonly set: string;
  /** Whose file it is; absent for the archive itself. */
  readonly repository?: string;
  /** Relative to that repository. */
  readonly file: string;
  /** Bytes. */
  readonly size: number;
  /** As a person knows it: `nginx 1.26.3-3`. */
  readonly label: string;
}

/** Recipes by package set and content: a host's VMs share most packages, and hashing a name takes longer than all else. */
const made = new Map<string, Recipe>();

/** The recipe of a package file: named by its content, wherever it comes from. Of one file there is one recipe. */
export function debRecipe(set: DebianPackageSet, unit: NamedPackage): Recipe {
  const key = [packageSetKey(set), unit.repository, unit.name, unit.version, unit.file, unit.sha256].join(
    "\0",
  );
  const known = made.get(key) ?? newRecipe(set, unit);
  made.set(key, known);
  return known;
}

function newRecipe(set: DebianPackageSet, unit: NamedPackage): Recipe {
  const { name, version, architecture, repository, file, size, sha256 } = unit;
  return {
    kind: "deb",
    version: 1,
    // Versions may hold marks that a store path may not.
    name: `${name}_${version}_${architecture}.deb`.replace(/[^A-Za-z0-9+._?=-]/g, "_"),
    params: {
      set: packageSetKey(set),
      ...(repository !== undefined && { repository }),
      file,
      size,
      label: `${name} ${version}`,
    } satisfies DebParams,
    inputs: {},
    fixed: { sha256 },
  };
}
