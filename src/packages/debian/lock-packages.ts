/** From wishes to pinned packages: what the lock file has is used as it is, else the archive is asked. */
import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { MicrovmError } from "../../errors.ts";
import type { DownloadOptions } from "../../os/http.ts";
import { EMPTY_LOCK, type Lock, type LockedPackage, type LockedPackageSet } from "../lock.ts";
import { type ArchiveAccess, type ArchiveState, currentState, lockedState } from "./archive-state.ts";
import { openHolding, openSet, supersededBy } from "./held-index.ts";
import { readLocalPackages } from "./local-packages.ts";
import { type MirrorPool, newMirrorPool } from "./mirror-pool.ts";
import type { IndexSource } from "./package-index.ts";
import type { DebianPackageSet } from "./package-set.ts";
import { packageSetKey } from "./package-set-key.ts";
import { type PackageSource, packageSource } from "./package-source.ts";
import { type KeyedRequest, resolveRequests } from "./resolve-requests.ts";

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
  /** Where local packages and relative paths of keyrings begin. Default: the working directory. */
  readonly projectDirectory?: string;
  /** apt's configuration of the host, which names the default mirror. Default `/etc/apt`. */
  readonly aptDirectory?: string;
  /** Where fetched indices are kept. */
  readonly indicesDirectory: string;
  /** What the run knows of its mirrors. Default: nothing. */
  readonly pool?: MirrorPool;
  readonly download?: DownloadOptions;
  /** When the validity of Releases is judged; default now. */
  readonly date?: Date;
  /** Called before each slow step, with a phrase such as `Fetching the index of debian/trixie/amd64/main`. */
  readonly onProgress?: (step: string) => void;
  /** Ask the archive even when the lock has everything, and take its newest versions of all but what is held. */
  readonly refresh?: boolean;
  /** Take a state of the archive that is older than the lock has seen. */
  readonly allowDowngrade?: boolean;
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
  /** What the lock calls the resolution of each request, by the request's key. */
  readonly ids: Readonly<Record<string, string>>;
  /** Of the set's own suite, in seconds since 1970: it stays when only updates come. */
  readonly date: number;
  /** Where the packages' files are. */
  readonly source: PackageSource;
}

/**
 * Pins the packages of all requests. When the lock has them all, and local packages are as they were, nothing is
 * fetched. Otherwise what is missing is resolved against the state of the archive that was locked; where that cannot
 * be had any more, against the archive as it is, with the locked version of each package that it still lists.
 * Errors: those of fetching (`mirror-unknown`, `mirror-unreachable`, `download-failed`, `signature-invalid`,
 * `release-outdated`, `checksum-mismatch`, `index-invalid`) and of resolving (`package-not-found`,
 * `package-unsatisfiable`, `package-gone`).
 */
export async function lockPackages(options: LockPackagesOptions): Promise<LockPackagesResult> {
  const { set, lock = EMPTY_LOCK, projectDirectory = ".", pool = newMirrorPool() } = options;
  const requests = withKeys(options.requests);
  const setKey = packageSetKey(set);
  const locked = Object.hasOwn(lock.packageSets, setKey) ? lock.packageSets[setKey] : undefined;
  const local = set.packages.length > 0 ? await readLocalPackages(set.packages, projectDirectory) : undefined;
  const isComplete =
    locked &&
    Object.hasOwn(locked.releases, set.suite) &&
    requests.every(({ id }) => Object.hasOwn(locked.resolutions, id));
  const fits = isComplete && locked.local === local?.sha256 && !options.refresh;
  const access = { ...options, projectDirectory, pool };
  const renewed = fits ? locked : await relock({ options, access, requests, locked, local });
  const result = locked && isDeepStrictEqual(renewed, locked) ? locked : renewed;
  return {
    lock: result === locked ? lock : { ...lock, packageSets: { ...lock.packageSets, [setKey]: result } },
    packages: packagesOf(result, requests),
    ids: Object.fromEntries(requests.map(({ key, id }) => [key, id])),
    date: Math.floor(Date.parse(result.releases[set.suite]!.date) / 1000),
    source: packageSource(set, { ...access, releases: Object.values(result.releases) }),
  };
}

interface Relocking {
  readonly options: LockPackagesOptions;
  readonly access: ArchiveAccess;
  readonly requests: readonly KeyedRequest[];
  readonly locked: LockedPackageSet | undefined;
  readonly local: IndexSource | undefined;
}

function relock(work: Relocking): Promise<LockedPackageSet> {
  return work.options.refresh ? update(work) : extend(work);
}

/** The archive's newest, but for what is held. */
async function update({ options, access, requests, locked, local }: Relocking): Promise<LockedPackageSet> {
  const state = await fetchCurrent(options, access, locked);
  options.onProgress?.(`Resolving the packages of ${labelOf(access)}`);
  const index = await openHolding(access, withLocal(local, state), locked);
  return finish(state, local, resolveRequests({ index, requests, label: labelOf(access) }));
}

/** What is missing, and as little else as can be. */
async function extend({ options, access, requests, locked, local }: Relocking): Promise<LockedPackageSet> {
  const label = labelOf(access);
  const known = locked && (await recallState(options, access, locked));
  const state = known ?? (await fetchCurrent(options, access, locked));
  const sources = withLocal(local, state);
  // A set that differs in a pin or a repository was locked by itself: its versions are as good as the locked ones.
  const model = locked ?? siblingOf(options.lock, label);
  options.onProgress?.(`Resolving the packages of ${label}`);
  const plain = openSet(access, sources);
  if (!model) return finish(state, local, resolveRequests({ index: plain, requests, label }));
  const { listed } = supersededBy(plain, model);
  const index = Object.keys(listed).length > 0 ? openSet(access, sources, listed) : plain;
  const kept = locked && locked.local === local?.sha256 ? locked : undefined;
  try {
    return finish(state, local, resolveRequests({ index, requests, label, kept }));
  } catch (error) {
    if (!(error instanceof MicrovmError)) throw error;
    if (error.code === "package-unsatisfiable" && index !== plain) {
      return finish(state, local, resolveRequests({ index: plain, requests, label }));
    }
    throw known && error.code === "package-not-found" ? notYetLocked(error) : error;
  }
}

/** The locked state, where it can still be had. */
async function recallState(
  { onProgress }: LockPackagesOptions,
  access: ArchiveAccess,
  locked: LockedPackageSet,
): Promise<ArchiveState | undefined> {
  onProgress?.(`Reading the locked index of ${labelOf(access)}`);
  try {
    return await lockedState(access, locked);
  } catch (error) {
    if (error instanceof MicrovmError && !access.download?.signal?.aborted) return undefined;
    throw error;
  }
}

function fetchCurrent(
  { onProgress, allowDowngrade = false }: LockPackagesOptions,
  access: ArchiveAccess,
  locked: LockedPackageSet | undefined,
): Promise<ArchiveState> {
  onProgress?.(`Fetching the index of ${labelOf(access)}`);
  return currentState(access, allowDowngrade ? {} : locked?.releases);
}

function withLocal(local: IndexSource | undefined, { sources }: ArchiveState): readonly IndexSource[] {
  return local ? [local, ...sources] : sources;
}

function finish(
  { releases }: ArchiveState,
  local: IndexSource | undefined,
  resolved: Pick<LockedPackageSet, "packages" | "resolutions">,
): LockedPackageSet {
  return { releases, ...(local && { local: local.sha256 }), ...resolved };
}

function labelOf({ set }: ArchiveAccess): string {
  return packageSetKey(set);
}

/** A locked set of the same suites, architecture and components. */
function siblingOf(lock: Lock | undefined, setKey: string): LockedPackageSet | undefined {
  const plain = (key: string) => key.split("#")[0];
  const found = Object.keys(lock?.packageSets ?? {}).find((key) => plain(key) === plain(setKey));
  return found === undefined ? undefined : lock!.packageSets[found];
}

function notYetLocked(error: MicrovmError): MicrovmError {
  const hint = `${error.hint ?? "Check its name"}. The archive was asked as the lock has seen it; to see what it has now: microvm lock --update`;
  return new MicrovmError(error.code, error.message, { hint, cause: error });
}

/**
 * What the lock calls the resolution of each request: a checksum over the wish and that of the layer below, so that
 * a changed wish is not found.
 */
function withKeys(requests: readonly PackageRequest[]): readonly KeyedRequest[] {
  const keyed = new Map<string, KeyedRequest>();
  for (const request of requests) {
    const { key, wanted, essential, recommends = false, on } = request;
    const below = on === undefined ? undefined : keyed.get(on);
    if (on !== undefined && !below) {
      throw new Error(`Request "${key}" stands on "${on}", which is no earlier request`);
    }
    // Sorted, since the order does not count.
    const names = [...new Set(wanted)].sort();
    const wish = JSON.stringify({ wanted: names, essential, recommends, on: below?.id ?? null });
    // 64 bits: enough to tell a project's wishes apart.
    const id = createHash("sha256").update(wish).digest("hex").slice(0, 16);
    keyed.set(key, { key, id, wanted: names, essential, recommends, below });
  }
  return [...keyed.values()];
}

function packagesOf(
  set: LockedPackageSet,
  requests: readonly KeyedRequest[],
): Readonly<Record<string, readonly NamedPackage[]>> {
  const named = (name: string): NamedPackage => ({ name, ...set.packages[name]! });
  // Requests of many VMs have the same resolution, and then the same list.
  const lists = new Map(requests.map(({ id }) => [id, set.resolutions[id]!] as const));
  const packages = new Map([...lists].map(([id, names]) => [id, names.map(named)]));
  return Object.fromEntries(requests.map(({ key, id }) => [key, packages.get(id)!]));
}
