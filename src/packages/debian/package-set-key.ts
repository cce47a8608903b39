/** What a lock file calls a package set. */
import { createHash } from "node:crypto";
import type { DebianPackageSet } from "./package-set.ts";

/**
 * What a lock file calls a package set: `debian/trixie+updates+security/amd64/main`, `@` and the snapshot when there
 * is one, `#` and a checksum over its keyring, repositories, local packages, pins and what it forbids when it has
 * any. Sets of one name have the same packages.
 *
 * What does not count: mirrors, since every mirror has the same and signatures say so; `checkValidUntil`; `hold`,
 * which is about the lock's own future; `recommends`, which each resolution records.
 */
export function packageSetKey(set: DebianPackageSet): string {
  const suites = [
    set.suite,
    ...(set.updates ? ["updates"] : []),
    ...(set.security === false ? [] : ["security"]),
    // What is common to most is left out: `trixie+backports`.
    ...set.extraSuites.map((suite) => suite.replace(`${set.suite}-`, "")).sort(),
  ].join("+");
  const key = [set.type, suites, set.architecture, [...set.components].sort().join("+")].join("/");
  return `${key}${set.snapshot === null ? "" : `@${set.snapshot}`}${ownPart(set)}`;
}

/** Only what a set has is part of it, so that options of later versions leave the names of other sets alone. */
function ownPart(set: DebianPackageSet): string {
  const { keyring, packages, pins, forbid } = set;
  const repositories = Object.entries(set.repositories)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { suite, components, keyring: own }]) => [name, suite, [...components].sort(), own]);
  const own = {
    ...(keyring !== null && { keyring }),
    ...(repositories.length > 0 && { repositories }),
    ...(packages.length > 0 && { packages: [...packages].sort() }),
    // Their order counts: the first of equal priority wins.
    ...(pins.length > 0 && { pins: pins.map((pin) => Object.entries(pin).sort()) }),
    ...(forbid.length > 0 && { forbid: [...forbid].sort() }),
  };
  if (Object.keys(own).length === 0) return "";
  return `#${createHash("sha256").update(JSON.stringify(own)).digest("hex").slice(0, 8)}`;
}
