/** From wishes to pinned packages: what the lock file has is used as it is, else the archive is asked. */
import { createHash } from "node:crypto";
import type { DownloadOptions } from "../../os/http.ts";
import { EMPTY_LOCK, type Lock, type LockedPackage, type LockedPackageSet } from "../lock.ts";
import { fetchIndex } from "./fetch-index.ts";
import { mirrorFor } from "./mirror.ts";
import type { DebianPackage, PackageIndex } from "./package-index.ts";
import { type DebianPackageSet, packageSetKey } from "./package-set.ts";
import { fetchRelease } from "./release.ts";
import { resolve } from "./resolver.ts";

/** A wish for packages of one set. */
export interface PackageRequest {
  /** What the caller calls it; not recorded. */
  readonly key: string;
  /** Package names; their order does not count. */
  readonly wanted: readonly string[];
  /** Include the packages with `Essential: yes`. */
  readonly essential: boolean;
  /** Include recommended packages. Default false. */
  readonly recommends?: boolean;
  /** Key of another request of the same call, whose packages are there already: the layer below. */
  readonly on?: string;
}

/** What to lock, and what is needed when the archive is asked. */
export interface LockPackagesOptions {
  readonly set: DebianPackageSet;
  /** A request may only stand on an earlier one. */
  readonly requests: readonly PackageRequest[];
  /** The lock so far. */
  readonly lock?: Lock;
  /** apt's configuration of the host, which names the default mirror. Default `/etc/apt`. */
  readonly aptDirectory?: string;
  /** Where fetched indices are kept. */
  readonly indicesDirectory: string;
  readonly download?: DownloadOptions;
  /** Called before each slow step, with a phrase such as `Fetching the index of debian/trixie/amd64/main`. */
  readonly onProgress?: (step: string) => void;
  /** Ask the archive even when the lock has everything, and take its newest versions. */
  readonly refresh?: boolean;
}

/** A pinned package with its name. */
export interface NamedPackage extends LockedPackage {
  readonly name: string;
}

/** What is locked. */
export interface LockPackagesResult {
  /** The given one when nothing was missing. */
  readonly lock: Lock;
  /** Packages in the order of installation, by the request's key. */
  readonly packages: Readonly<Record<string, readonly NamedPackage[]>>;
  /**
   * Where the packages' files are. Only looked up when called, since a host that has them all needs none.
   * Errors: `mirror-unknown`.
   */
  readonly mirror: () => string;
}

/**
 * Pins the packages of all requests. When the lock has them all, nothing is read or fetched. Otherwise the
 * index is refreshed; when the archive has changed since, all requests are resolved anew, since one set has
 * one version of each package, and what the lock had for other wishes of this set is dropped. Errors: those
 * of fetching (`mirror-unknown`, `mirror-unreachable`, `download-failed`, `signature-invalid`,
 * `checksum-mismatch`) and of resolving (`package-not-found`, `package-unsatisfiable`).
 */
export async function lockPackages(options: LockPackagesOptions): Promise<LockPackagesResult> {
  const { set, requests, lock = EMPTY_LOCK } = options;
  const keys = resolutionKeys(requests);
  const setKey = packageSetKey(set);
  const locked = Object.hasOwn(lock.packageSets, setKey) ? lock.packageSets[setKey] : undefined;
  const mirror = () => mirrorFor(set, options.aptDirectory);
  const isComplete = locked && [...keys.values()].every((key) => Object.hasOwn(locked.resolutions, key));
  if (isComplete && !options.refresh) return { lock, packages: packagesOf(locked, keys), mirror };
  const renewed = await resolveSet(options, keys, locked, mirror());
  return {
    lock: { ...lock, packageSets: { ...lock.packageSets, [setKey]: renewed } },
    packages: packagesOf(renewed, keys),
    mirror,
  };
}

/**
 * By request, what the lock calls its resolution: a checksum over the wish and that of the layer below, so
 * that a changed wish is not found.
 */
function resolutionKeys(requests: readonly PackageRequest[]): ReadonlyMap<string, string> {
  const keys = new Map<string, string>();
  for (const { key, wanted, essential, recommends = false, on } of requests) {
    const below = on === undefined ? null : keys.get(on);
    if (below === undefined)
      throw new Error(`Request "${key}" stands on "${on}", which is no earlier request`);
    const wish = JSON.stringify({ wanted: [...new Set(wanted)].sort(), essential, recommends, on: below });
    // 64 bits: enough to tell a project's wishes apart.
    keys.set(key, createHash("sha256").update(wish).digest("hex").slice(0, 16));
  }
  return keys;
}

async function resolveSet(
  options: LockPackagesOptions,
  keys: ReadonlyMap<string, string>,
  locked: LockedPackageSet | undefined,
  mirror: string,
): Promise<LockedPackageSet> {
  const { set, onProgress } = options;
  const label = packageSetKey(set);
  onProgress?.(`Fetching the index of ${label}`);
  const release = await fetchRelease(set, mirror, options.download);
  const index = await fetchIndex(set, release, mirror, options.indicesDirectory, options.download);
  onProgress?.(`Resolving the packages of ${label}`);
  const kept = locked?.release.sha256 === release.sha256 ? locked : undefined;
  const resolutions: Record<string, readonly string[]> = { ...kept?.resolutions };
  const below = new Map<string, readonly string[]>();
  for (const request of options.requests) {
    const key = keys.get(request.key)!;
    const installed = request.on === undefined ? [] : below.get(request.on)!;
    resolutions[key] ??= resolveRequest(index, request, installed, label);
    below.set(request.key, [...installed, ...resolutions[key]]);
  }
  const { suite, codename, date, sha256 } = release;
  return { release: { suite, codename, date, sha256 }, packages: lockAll(index, resolutions), resolutions };
}

function resolveRequest(
  index: PackageIndex,
  { wanted, essential, recommends = false }: PackageRequest,
  installed: readonly string[],
  label: string,
): readonly string[] {
  // Sorted: the key of the resolution does not know the order either.
  const names = [...new Set(wanted)].sort();
  return resolve(index, names, { essential, recommends, installed, label }).map((one) => one.name);
}

function lockAll(
  index: PackageIndex,
  resolutions: Readonly<Record<string, readonly string[]>>,
): Record<string, LockedPackage> {
  const names = [...new Set(Object.values(resolutions).flat())].sort();
  return Object.fromEntries(names.map((name) => [name, lockOne(index.get(name)!)]));
}

function lockOne({ version, architecture, file, size, sha256 }: DebianPackage): LockedPackage {
  return { version, architecture, file, size, sha256 };
}

function packagesOf(
  set: LockedPackageSet,
  keys: ReadonlyMap<string, string>,
): Readonly<Record<string, readonly NamedPackage[]>> {
  const named = (name: string): NamedPackage => ({ name, ...set.packages[name]! });
  return Object.fromEntries([...keys].map(([request, key]) => [request, set.resolutions[key]!.map(named)]));
}
