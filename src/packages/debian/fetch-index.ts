/** Fetching a suite's index: each file checked against the signed Release, kept for the next time. */
import { createHash, randomUUID } from "node:crypto";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { MicrovmError, systemCode } from "../../errors.ts";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "../../os/files.ts";
import { type DownloadOptions, download } from "../../os/http.ts";
import { decompressXz } from "../../os/xz.ts";
import { type IndexSource, openIndex, openKeptIndex, type PackageIndex } from "./package-index.ts";
import type { DebianPackageSet } from "./package-set.ts";
import type { Release, ReleaseFile } from "./release.ts";

/**
 * Forms of an index, the preferred one first: gzip is a third larger than xz and is decompressed in a fifth of
 * the time, which is more than the difference takes to fetch from 40 Mbit/s on.
 */
const FORMS = [".gz", ".xz", ""] as const;

/**
 * The index of all components of a set. Files are kept below `indicesDirectory`, named by their checksum,
 * which is verified again on each use. Errors: those of `download`, `checksum-mismatch`, and
 * `config-invalid` when the suite has no such component or architecture.
 */
export async function fetchIndex(
  set: DebianPackageSet,
  release: Release,
  mirror: string,
  indicesDirectory: string,
  options: DownloadOptions = {},
): Promise<PackageIndex> {
  mkdirSync(indicesDirectory, { recursive: true });
  const files = set.components.map((component) => ({
    component,
    ...findIndexFile(set, release, component),
  }));
  const { suite, codename } = release;
  const kept = files.map(({ component, file }) => ({
    // The checksum of either form says what is in it.
    sha256: file.sha256,
    repository: "",
    release: {
      ...{ suite, codename, component, origin: "", label: "" },
      ...{ notAutomatic: false, butAutomaticUpgrades: false },
    },
  }));
  const cache = { cacheDirectory: join(indicesDirectory, "parsed") };
  const known = openKeptIndex(kept, set.architecture, cache);
  if (known) return known;
  const sources = await Promise.all(
    files.map(async ({ path, form, file }, at): Promise<IndexSource> => {
      const compressed = await obtain(path, file, { set, release, mirror, indicesDirectory, options });
      const plain = form === ".xz" ? await decompressXz(compressed) : compressed;
      return { ...kept[at]!, text: () => (form === ".gz" ? gunzipSync(plain) : plain) };
    }),
  );
  return openIndex(sources, set.architecture, cache);
}

interface IndexFile {
  /** Relative to the suite's directory. */
  readonly path: string;
  readonly form: (typeof FORMS)[number];
  readonly file: ReleaseFile;
}

function findIndexFile(set: DebianPackageSet, release: Release, component: string): IndexFile {
  for (const form of FORMS) {
    const path = `${component}/binary-${set.architecture}/Packages${form}`;
    const file = release.files.get(path);
    if (file) return { path, form, file };
  }
  throw new MicrovmError(
    "config-invalid",
    `Suite "${set.suite}" has no component "${component}" for architecture "${set.architecture}"`,
    { hint: "Check components and architecture in debian()" },
  );
}

interface Place {
  readonly set: DebianPackageSet;
  readonly release: Release;
  readonly mirror: string;
  readonly indicesDirectory: string;
  readonly options: DownloadOptions;
}

async function obtain(path: string, file: ReleaseFile, place: Place): Promise<Buffer> {
  const kept = join(place.indicesDirectory, file.sha256);
  const known = readVerified(kept, file);
  if (known) return known;
  const directory = `${place.mirror}/dists/${place.set.suite}`;
  const byHash = `${path.slice(0, path.lastIndexOf("/"))}/by-hash/SHA256/${file.sha256}`;
  const url = `${directory}/${place.release.byHash ? byHash : path}`;
  const fetched = await download(url, { ...place.options, expected: file });
  const temporary = `${kept}.${randomUUID()}.tmp`;
  try {
    writeFileSync(temporary, fetched, { flush: true });
    renameSync(temporary, kept);
  } finally {
    rmSync(temporary, { force: true });
  }
  return fetched;
}

function readVerified(path: string, file: ReleaseFile): Buffer | undefined {
  try {
    const content = readFileSync(path);
    const digest = createHash("sha256").update(content).digest("hex");
    return digest === file.sha256 ? content : undefined;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
