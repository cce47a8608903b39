/** What a new lock changes for a list of packages. Pure. */
import { compareVersions } from "./debian/version.ts";

/** A package by its name and version. */
interface VersionedPackage {
  readonly name: string;
  readonly version: string;
}

/** A package whose version changes. */
export interface ChangedPackage {
  readonly name: string;
  readonly from: string;
  readonly to: string;
}

/** What changes, each list in the order of names. */
export interface PackageChanges {
  readonly added: readonly VersionedPackage[];
  readonly removed: readonly VersionedPackage[];
  readonly upgraded: readonly ChangedPackage[];
  readonly downgraded: readonly ChangedPackage[];
}

/** The changes from one list of packages to another. */
export function packageChanges(
  before: readonly VersionedPackage[],
  after: readonly VersionedPackage[],
): PackageChanges {
  const [old, now] = [byName(before), byName(after)];
  const changed = [...now].flatMap(([name, to]) => {
    const from = old.get(name);
    return from === undefined || from === to ? [] : [{ name, from, to }];
  });
  const isUpgrade = ({ from, to }: ChangedPackage) => compareVersions(to, from) > 0;
  return {
    added: without(now, old),
    removed: without(old, now),
    upgraded: changed.filter(isUpgrade),
    downgraded: changed.filter((one) => !isUpgrade(one)),
  };
}

/** Whether anything changes. */
export function hasChanges({ added, removed, upgraded, downgraded }: PackageChanges): boolean {
  return [added, removed, upgraded, downgraded].some((list) => list.length > 0);
}

function byName(packages: readonly VersionedPackage[]): ReadonlyMap<string, string> {
  const sorted = packages.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return new Map(sorted.map(({ name, version }) => [name, version]));
}

function without(all: ReadonlyMap<string, string>, others: ReadonlyMap<string, string>): VersionedPackage[] {
  return [...all].flatMap(([name, version]) => (others.has(name) ? [] : [{ name, version }]));
}
