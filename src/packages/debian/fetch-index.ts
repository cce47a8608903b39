/** Fetching a suite's indices: each checked against the signed Release, or against the lock, and kept. */
import { createHash, randomUUID } from "node:crypto";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { MicrovmError, systemCode } from "../../errors.ts";
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "../../os/files.ts";
import { type DownloadOptions, download } from "../../os/http.ts";
import { decompressXz } from "../../os/xz.ts";
import type { LockedIndex, LockedRelease } from "../lock.ts";
import { fromMirrors, type MirrorPool } from "./mirror-pool.ts";
import type { IndexSource } from "./package-index.ts";
import type { Release, ReleaseFile } from "./release.ts";
import { type ArchiveSource, suiteDirectory } from "./sources.ts";

/**
 * Forms of an index, the preferred one first: gzip is a third larger than xz and is decompressed in a fifth of
 * the time, which is more than the difference takes to fetch from 40 Mbit/s on.
 */
const FORMS = [".gz", ".xz", ""] as const;

/** Bytes that an index may have, as fetched and as text. Debian's largest, of sid, has 14 MB and 60 MB. */
const MAX_SIZE = 128 * 1024 * 1024;
const MAX_TEXT_SIZE = 512 * 1024 * 1024;

/** What the lock calls the only index of a repository without components. */
const FLAT_COMPONENT = "/";

/** Where indices are fetched from, and where they are kept. */
export interface IndexPlace {
  /** In order of preference. */
  readonly mirrors: readonly string[];
  readonly pool: MirrorPool;
  /** Indices are kept here, named by their checksum, which is verified on each use. */
  readonly indicesDirectory: string;
  readonly download?: DownloadOptions | undefined;
}

/** The state of a suite: what the lock records of it. Errors: `config-invalid` when it lacks a component. */
export function releaseState(source: ArchiveSource, release: Release, architecture: string): LockedRelease {
  const { files, mirror: _mirror, ...state } = release;
  const components = source.components.length > 0 ? source.components : [FLAT_COMPONENT];
  const indices = components.map((component): [string, LockedIndex] => {
    const directory = component === FLAT_COMPONENT ? "" : `${component}/binary-${architecture}/`;
    const found = findIndex(files, directory);
    if (found) return [component, found];
    const what =
      component === FLAT_COMPONENT ? "index" : `component "${component}" for architecture "${architecture}"`;
    throw new MicrovmError("config-invalid", `Suite "${source.suite}" has no ${what}`, {
      hint: "Check components and architecture of the package set",
    });
  });
  return { ...state, indices: Object.fromEntries(indices) };
}

function findIndex(files: ReadonlyMap<string, ReleaseFile>, directory: string): LockedIndex | undefined {
  const text = files.get(`${directory}Packages`);
  for (const form of FORMS) {
    const path = `${directory}Packages${form}`;
    const file = files.get(path);
    if (file) return { path, ...file, ...(text && { text: text.sha256, textSize: text.size }) };
  }
  return undefined;
}

/**
 * The indices of a suite in the state that was locked, or is about to be: from where they are kept, else fetched.
 * Errors: those of `download`, `checksum-mismatch`, `index-invalid` for one that is larger than any real one.
 */
export function fetchIndices(
  source: ArchiveSource,
  state: LockedRelease,
  place: IndexPlace,
): Promise<readonly IndexSource[]> {
  mkdirSync(place.indicesDirectory, { recursive: true });
  const { suite, codename, origin, label, notAutomatic, butAutomaticUpgrades } = state;
  const all = Object.entries(state.indices).map(async ([component, index]) => {
    checkSize(source, index);
    const about = { suite, codename, origin, label, component, notAutomatic, butAutomaticUpgrades };
    const { text, sha256 } = await textOf(source, index, state.byHash, place);
    return { text, sha256, repository: source.repository, release: about };
  });
  return Promise.all(all);
}

/** What an archive says of its sizes is looked at before anything is fetched. */
function checkSize({ suite }: ArchiveSource, { path, size, textSize = 0 }: LockedIndex): void {
  if (size <= MAX_SIZE && textSize <= MAX_TEXT_SIZE) return;
  const [found, limit] = size > MAX_SIZE ? [size, MAX_SIZE] : [textSize, MAX_TEXT_SIZE];
  throw tooLarge(`"${path}" of suite "${suite}"`, `${found} bytes`, limit);
}

function tooLarge(what: string, found: string, limit: number): MicrovmError {
  return new MicrovmError(
    "index-invalid",
    `The index ${what} has ${found}, more than the ${limit} that any may have`,
    {
      hint: "Leave out this suite or repository, or use another mirror",
    },
  );
}

type IndexText = Pick<IndexSource, "text" | "sha256">;

/** The text of gzip is made when it is asked for, since who has parsed it before needs it no more. */
async function textOf(
  source: ArchiveSource,
  index: LockedIndex,
  byHash: boolean,
  place: IndexPlace,
): Promise<IndexText> {
  const what = `"${index.path}" of suite "${source.suite}"`;
  const limit = index.textSize ?? MAX_TEXT_SIZE;
  if (index.path.endsWith(".xz")) {
    // The text is kept, not what was fetched: xz takes long.
    const known = index.text === undefined ? undefined : readVerified(place, index.text);
    if (known) return { text: () => known, sha256: index.text! };
    const text = await decompressXz(await obtain(source, index, byHash, place), limit);
    const sha256 = verifyText(text, index, what);
    keep(place, sha256, text);
    return { text: () => text, sha256 };
  }
  const { text: expected } = index;
  const isGzip = index.path.endsWith(".gz");
  const read = (file: Buffer) => {
    const text = isGzip ? decompressGzip(file, limit, what) : file;
    verifyText(text, index, what);
    return text;
  };
  // Who has parsed this text before does not even need the file.
  if (expected !== undefined && isKept(place, index)) {
    return { text: () => read(readKept(place, index.sha256)), sha256: expected };
  }
  const fetched = await fetchedFile(source, index, byHash, place);
  const text = () => read(fetched);
  return { text, sha256: expected ?? (isGzip ? sha256Of(text()) : index.sha256) };
}

/** Whether a file of that name and size is kept; what is in it is verified when it is read. */
function isKept({ indicesDirectory }: IndexPlace, { sha256, size }: LockedIndex): boolean {
  return statSync(join(indicesDirectory, sha256), { throwIfNoEntry: false })?.size === size;
}

function readKept(place: IndexPlace, sha256: string): Buffer {
  const kept = readVerified(place, sha256);
  if (kept) return kept;
  const path = join(place.indicesDirectory, sha256);
  rmSync(path, { force: true });
  throw new MicrovmError("checksum-mismatch", `The kept index "${path}" was damaged and is removed`, {
    hint: "Run the command again: it is fetched anew",
  });
}

async function fetchedFile(
  source: ArchiveSource,
  index: LockedIndex,
  byHash: boolean,
  place: IndexPlace,
): Promise<Buffer> {
  const known = readVerified(place, index.sha256);
  if (known) return known;
  const fetched = await obtain(source, index, byHash, place);
  keep(place, index.sha256, fetched);
  return fetched;
}

function decompressGzip(compressed: Buffer, limit: number, what: string): Buffer {
  try {
    return gunzipSync(compressed, { maxOutputLength: Math.max(limit, 1) });
  } catch (error) {
    if (systemCode(error) === "ERR_BUFFER_TOO_LARGE") throw tooLarge(what, "more text", limit);
    throw new MicrovmError("index-invalid", `The index ${what} is no gzip stream`, { cause: error });
  }
}

/** Another repository could say that its index is one that was parsed before. */
function verifyText(text: Buffer, index: LockedIndex, what: string): string {
  const sha256 = sha256Of(text);
  if (index.text === undefined || index.text === sha256) return sha256;
  throw new MicrovmError(
    "checksum-mismatch",
    `Wrong checksum of the text of ${what}: expected ${index.text}, found ${sha256}`,
    { hint: "The archive contradicts itself: use another mirror, or try again later" },
  );
}

function obtain(
  source: ArchiveSource,
  { path, sha256, size }: LockedIndex,
  byHash: boolean,
  { mirrors, pool, download: how }: IndexPlace,
): Promise<Buffer> {
  const fixed = `${path.slice(0, path.lastIndexOf("/") + 1)}by-hash/SHA256/${sha256}`;
  const parts = [suiteDirectory(source), byHash ? fixed : path].filter((part) => part !== "");
  const what = `"${path}" of suite "${source.suite}"`;
  return fromMirrors({ mirrors, what, pool, signal: how?.signal }, (mirror) =>
    download(`${mirror}/${parts.join("/")}`, { ...how, expected: { sha256, size } }),
  );
}

function keep({ indicesDirectory }: IndexPlace, sha256: string, content: Buffer): void {
  const path = join(indicesDirectory, sha256);
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    writeFileSync(temporary, content, { flush: true });
    renameSync(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
}

function readVerified(
  { indicesDirectory }: Pick<IndexPlace, "indicesDirectory">,
  sha256: string,
): Buffer | undefined {
  try {
    const content = readFileSync(join(indicesDirectory, sha256));
    return sha256Of(content) === sha256 ? content : undefined;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

function sha256Of(content: Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}
