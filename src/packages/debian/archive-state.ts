/** The state of all suites of a package set: as the archives are now, or as the lock has seen them. */
import type { DownloadOptions } from "../../os/http.ts";
import type { LockedPackageSet, LockedRelease } from "../lock.ts";
import { fetchIndices, releaseState } from "./fetch-index.ts";
import { mirrorsFor } from "./mirror.ts";
import type { MirrorPool } from "./mirror-pool.ts";
import type { IndexSource } from "./package-index.ts";
import type { DebianPackageSet } from "./package-set.ts";
import { fetchRelease } from "./release.ts";
import { type ArchiveSource, sourcesOf } from "./sources.ts";

/** Where archives are, and what is known of them. */
export interface ArchiveAccess {
  readonly set: DebianPackageSet;
  readonly projectDirectory: string;
  readonly aptDirectory?: string | undefined;
  readonly indicesDirectory: string;
  readonly pool: MirrorPool;
  readonly download?: DownloadOptions | undefined;
  /** When the validity of Releases is judged; default now. */
  readonly date?: Date | undefined;
}

/** Releases by their name in the lock, and their indices. */
export interface ArchiveState {
  readonly releases: Readonly<Record<string, LockedRelease>>;
  /** In apt's order of sources. */
  readonly sources: readonly IndexSource[];
}

/**
 * The archives as they are now, signatures and all verified. With `seen`, none may be older than it was then.
 * Errors: those of `fetchRelease` and `fetchIndices`.
 */
export async function currentState(
  access: ArchiveAccess,
  seen: Readonly<Record<string, LockedRelease>> = {},
): Promise<ArchiveState> {
  const { set, pool, download, date, projectDirectory } = access;
  const all = sourcesOf(set).map(async (source) => {
    const mirrors = mirrorsFor(set, source.repository, access.aptDirectory);
    const notBefore = Object.hasOwn(seen, source.id) ? seen[source.id]!.date : undefined;
    const release = await fetchRelease(source, mirrors, {
      pool,
      projectDirectory,
      notBefore,
      ...(download && { download }),
      ...(date && { date }),
    });
    const state = releaseState(source, release, set.architecture);
    // Whose Release it is has its indices, too.
    const first = [release.mirror, ...mirrors.filter((mirror) => mirror !== release.mirror)];
    return {
      id: source.id,
      state,
      indices: await fetchIndices(source, state, { ...access, mirrors: first }),
    };
  });
  return collect(await settled(all));
}

/**
 * The archives as they were locked, from the indices that are kept or that can still be fetched by their checksums.
 * Undefined when the lock does not know all suites of the set. Errors: those of `fetchIndices`.
 */
export async function lockedState(
  access: ArchiveAccess,
  { releases }: LockedPackageSet,
): Promise<ArchiveState | undefined> {
  const sources = sourcesOf(access.set);
  if (!sources.every((source) => isKnown(source, releases))) return undefined;
  const all = sources.map(async (source) => {
    const state = releases[source.id]!;
    return { id: source.id, state, indices: await lockedIndices(access, source, state) };
  });
  return collect(await settled(all));
}

/** The indices of one suite as they were locked. */
export function lockedIndices(
  access: ArchiveAccess,
  source: ArchiveSource,
  state: LockedRelease,
): Promise<readonly IndexSource[]> {
  const mirrors = mirrorsFor(access.set, source.repository, access.aptDirectory);
  return fetchIndices(source, state, { ...access, mirrors });
}

/** A migrated lock names suites without their indices. */
function isKnown(source: ArchiveSource, releases: Readonly<Record<string, LockedRelease>>): boolean {
  return Object.hasOwn(releases, source.id) && Object.keys(releases[source.id]!.indices).length > 0;
}

interface SuiteState {
  readonly id: string;
  readonly state: LockedRelease;
  readonly indices: readonly IndexSource[];
}

function collect(suites: readonly SuiteState[]): ArchiveState {
  return {
    releases: Object.fromEntries(suites.map(({ id, state }) => [id, state])),
    sources: suites.flatMap(({ indices }) => indices),
  };
}

/** All of them; of several failures the first in the order of suites, whichever came first. */
async function settled<T>(all: readonly Promise<T>[]): Promise<readonly T[]> {
  const results = await Promise.allSettled(all);
  return results.map((result) => {
    if (result.status === "rejected") throw result.reason;
    return result.value;
  });
}
