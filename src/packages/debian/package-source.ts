/** Where a package's file is had from: the project, the mirrors in order, then archives that keep old packages. */
import { pathToFileURL } from "node:url";
import { MicrovmError } from "../../errors.ts";
import { type DownloadOptions, downloadToFile } from "../../os/http.ts";
import type { LockedRelease } from "../lock.ts";
import { localFile } from "./local-packages.ts";
import { debUrl, mirrorsFor, securitySibling } from "./mirror.ts";
import { fromMirrors, type MirrorPool } from "./mirror-pool.ts";
import type { DebianPackageSet } from "./package-set.ts";
import { LOCAL, MAIN, SECURITY } from "./sources.ts";

/** A package's file, as the lock has it. */
export interface PackageFile {
  /** Absent for the archive itself. */
  readonly repository?: string;
  readonly file: string;
  /** Bytes. */
  readonly size: number;
  readonly sha256: string;
  /** As a person knows it: `nginx 1.26.3-3`. */
  readonly label: string;
}

/** Gives the files of one set's packages. */
export interface PackageSource {
  /**
   * Writes a package's file to a path. Errors: `mirror-unknown`, `mirror-unreachable`, `checksum-mismatch`;
   * `package-gone` when nobody has it any more.
   */
  fetch(wanted: PackageFile, path: string, how?: DownloadOptions): Promise<void>;
}

/** What a source needs to know besides the set. */
export interface PackageSourceOptions {
  /** The locked states: what a snapshot service is asked for is their time. */
  readonly releases: readonly LockedRelease[];
  readonly projectDirectory: string;
  /** apt's configuration of the host. Default `/etc/apt`. */
  readonly aptDirectory?: string | undefined;
  readonly pool: MirrorPool;
}

/** The source of a set's packages. Addresses are only looked up when a file is asked for. */
export function packageSource(set: DebianPackageSet, options: PackageSourceOptions): PackageSource {
  const { projectDirectory, aptDirectory, pool } = options;
  return {
    async fetch(wanted, path, how = {}) {
      const { repository = MAIN, file, size, sha256, label } = wanted;
      const get = (url: string) => downloadToFile(url, path, { ...how, size, sha256 });
      if (repository === LOCAL) return get(pathToFileURL(localFile(file, projectDirectory)).href);
      const request = { what: `"${label}"`, pool, signal: how.signal };
      const mirrors = mirrorsFor(set, repository, aptDirectory);
      try {
        await fromMirrors({ ...request, mirrors }, (mirror) => get(debUrl(mirror, file)));
      } catch (error) {
        if (!(error instanceof MicrovmError) || how.signal?.aborted) throw error;
        const keepers = keepersOf(set, repository, options.releases);
        const found = keepers.length > 0 && (await isHad({ ...request, mirrors: keepers }, file, get));
        if (!found) throw error.code === "download-failed" ? gone(label, keepers, error) : error;
      }
    },
  };
}

async function isHad(
  request: Parameters<typeof fromMirrors>[0],
  file: string,
  get: (url: string) => Promise<void>,
): Promise<boolean> {
  try {
    await fromMirrors(request, (mirror) => get(debUrl(mirror, file)));
    return true;
  } catch (error) {
    if (!(error instanceof MicrovmError) || request.signal?.aborted) throw error;
    return false;
  }
}

/** Addresses of archives that may still have what the mirrors have removed; a snapshot service has it by its time. */
function keepersOf(
  { fallbackMirrors }: DebianPackageSet,
  repository: string,
  releases: readonly LockedRelease[],
): readonly string[] {
  if (repository !== MAIN && repository !== SECURITY) return [];
  const time = snapshotTime(releases);
  return fallbackMirrors.flatMap((mirror) => {
    const address = repository === SECURITY ? (securitySibling(mirror) ?? mirror) : mirror;
    return time === undefined ? [address] : [address, `${address}/${time}`];
  });
}

/** A snapshot is taken some hours after the archive's state; packages stay in an archive for more than a day. */
const SNAPSHOT_DELAY = 24 * 60 * 60 * 1000;

/** As snapshot services name times: `20250520T000000Z`. */
function snapshotTime(releases: readonly LockedRelease[]): string | undefined {
  const times = releases.map(({ date }) => Date.parse(date)).filter((time) => !Number.isNaN(time));
  if (times.length === 0) return undefined;
  const time = new Date(Math.max(...times) + SNAPSHOT_DELAY).toISOString();
  return time.replace(/[-:]/g, "").replace(/\.\d+/, "");
}

function gone(label: string, keepers: readonly string[], error: MicrovmError): MicrovmError {
  const asked = keepers.length === 0 ? "" : `, and none of ${keepers.length} fallback addresses has it`;
  const hint =
    keepers.length === 0
      ? 'Take what the archive has now: microvm lock --update; or set "fallbackMirrors" to an archive that keeps old packages'
      : "Take what the archive has now: microvm lock --update";
  return new MicrovmError(
    "package-gone",
    `The mirror no longer has "${label}", which the lock file names${asked} (${error.message})`,
    { hint, cause: error },
  );
}
