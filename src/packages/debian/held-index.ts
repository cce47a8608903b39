/** The index of a package set with some packages kept at the version that the lock has. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { MicrovmError } from "../../errors.ts";
import type { LockedPackageSet } from "../lock.ts";
import { type ArchiveAccess, lockedIndices } from "./archive-state.ts";
import { type IndexSource, openIndex, type PackageIndex } from "./package-index.ts";
import { pickStanzas } from "./packages-text.ts";
import { LOCAL, LOCAL_ORIGIN, sourcesOf } from "./sources.ts";

/** Above 1000, so that they win over higher versions too: apt_preferences(5). */
const LOCAL_PRIORITY = 1001;

/** Opens the index of these sources by a set's own wishes, keeping these versions. */
export function openSet(
  { set, indicesDirectory }: ArchiveAccess,
  sources: readonly IndexSource[],
  hold: Readonly<Record<string, string>> = {},
): PackageIndex {
  const local = { packages: ["*"], origin: LOCAL_ORIGIN, priority: LOCAL_PRIORITY };
  const pins = set.packages.length > 0 ? [local, ...set.pins] : set.pins;
  return openIndex(sources, set.architecture, {
    policy: { pins, forbid: set.forbid, hold },
    cacheDirectory: join(indicesDirectory, "parsed"),
  });
}

/** The locked versions that the archive no longer prefers: those that it still has, and those that are gone. */
export interface Superseded {
  readonly listed: Readonly<Record<string, string>>;
  readonly gone: Readonly<Record<string, string>>;
}

/** Which of the locked packages among `names` the index would not choose by itself. Local packages are not meant. */
export function supersededBy(
  index: PackageIndex,
  { packages }: Pick<LockedPackageSet, "packages">,
  names: readonly string[] = Object.keys(packages),
): Superseded {
  const listed: Record<string, string> = {};
  const gone: Record<string, string> = {};
  for (const name of names) {
    const locked = Object.hasOwn(packages, name) ? packages[name]! : undefined;
    const candidate = index.get(name);
    if (!locked || locked.repository === LOCAL || candidate?.repository === LOCAL) continue;
    if (candidate?.version === locked.version) continue;
    const isListed = index.versions(name).some(({ version }) => version === locked.version);
    (isListed ? listed : gone)[name] = locked.version;
  }
  return { listed, gone };
}

/**
 * The index with the packages of the set's `hold` at their locked versions. One that the archive has removed from
 * its index is taken from the index that was locked. Errors: `package-gone` when that cannot be had either.
 */
export async function openHolding(
  access: ArchiveAccess,
  sources: readonly IndexSource[],
  locked: LockedPackageSet | undefined,
): Promise<PackageIndex> {
  const index = openSet(access, sources);
  if (!locked || access.set.hold.length === 0) return index;
  const { listed, gone } = supersededBy(index, locked, access.set.hold);
  const hold = { ...listed, ...gone };
  if (Object.keys(hold).length === 0) return index;
  if (Object.keys(gone).length === 0) return openSet(access, sources, hold);
  return openSet(access, [...sources, ...(await recall(access, locked, gone))], hold);
}

/** What the locked indices say of packages that the archive's present ones do not have. */
async function recall(
  access: ArchiveAccess,
  locked: LockedPackageSet,
  wanted: Readonly<Record<string, string>>,
): Promise<readonly IndexSource[]> {
  const missing = new Set(Object.keys(wanted));
  const recalled: IndexSource[] = [];
  for (const source of sourcesOf(access.set)) {
    const state = locked.releases[source.id];
    if (!state) continue;
    const indices = await lockedIndices(access, source, state).catch(orNothing);
    for (const index of indices) {
      const { text, names } = pickStanzas(index.text(), wanted);
      if (names.size === 0) continue;
      for (const name of names) missing.delete(name);
      recalled.push({ ...index, text: () => text, sha256: sha256Of(text) });
    }
  }
  const [first] = missing;
  if (first === undefined) return recalled;
  throw new MicrovmError(
    "package-gone",
    `The held package "${first}" ${wanted[first]} is no longer in the archive, nor can the index be had that it was locked from`,
    {
      hint: `Take "${first}" out of "hold", or keep its file in the project: packages: ["./${first}.deb"]`,
    },
  );
}

/** An index that is gone is no error here: another may have the package. */
function orNothing(error: unknown): readonly IndexSource[] {
  if (error instanceof MicrovmError) return [];
  throw error;
}

function sha256Of(content: Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}
