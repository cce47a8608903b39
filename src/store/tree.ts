/** Walking over file trees, normalising them, and telling one from another. */
import { createHash, hash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { MicrovmError } from "../errors.ts";
import {
  chmodSync,
  closeSync,
  lstatSync,
  lutimesSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  type Stats,
} from "../os/files.ts";

/** One entry of a tree; the first is the top itself, with an empty `relative`. */
export interface TreeEntry {
  readonly path: string;
  readonly relative: string;
  readonly stats: Stats;
}

/** What a tree amounts to. */
export interface TreeSummary {
  /** SHA-256, in hexadecimal, of the tree in canonical form; see {@link summariseTree}. */
  readonly digest: string;
  /** Bytes in regular files. */
  readonly size: number;
  /** Files, directories and the rest, the top included. */
  readonly entries: number;
  /** SHA-256, in hexadecimal, of the content, when the top is a regular file. */
  readonly content?: string;
}

/** Every time in the store, in seconds since 1970: 1, as in Nix's store, since some tools take 0 for "none". */
export const STORE_TIME = 1;

/** How much is read at once, in bytes. */
const CHUNK = 1 << 20;

/** For how long, in milliseconds, a walk may keep this process from anything else: a frame of a progress bar. */
const TURN = 15;

const buffer = Buffer.allocUnsafe(CHUNK);

/** How {@link summariseTree} treats a tree. */
export interface SummaryOptions {
  /** SHA-256 of the top's content, in hexadecimal, where that is a file that need not be read. */
  readonly content?: string | undefined;
  /**
   * Sets every time in the tree on the way, and, unless `exactModes`, every mode: what the owner may execute becomes
   * 0555, every other file 0444, directories 0555.
   */
  readonly normalise?: { readonly exactModes: boolean };
}

/**
 * Reads a whole tree. The canonical form has one line an entry, in the order of a walk with sorted names:
 * type, mode, owner, group (the top's own count as root), path, then size and SHA-256 of a file, target of a link, number of a device.
 * Not part of it: times, extended attributes, which names are hard links of one file, and whether its
 * owner may write to the top directory (which a rename between directories needs).
 */
export async function summariseTree(
  root: string,
  { content: known, normalise }: SummaryOptions = {},
): Promise<TreeSummary> {
  const turn = takeTurns();
  const form = createHash("sha256");
  let size = 0;
  let entries = 0;
  let content: string | undefined;
  const top = lstatSync(root);
  for (const entry of walkTree(root)) {
    const { stats, relative } = entry;
    if (normalise) normaliseEntry(entry, normalise.exactModes);
    let detail = "";
    if (stats.isFile()) {
      const sum = (relative === "" ? known : undefined) ?? (await hashFile(entry.path, stats.size));
      if (relative === "") content = sum;
      size += stats.size;
      detail = `${stats.size} ${sum}`;
    } else if (stats.isSymbolicLink()) detail = JSON.stringify(readlinkSync(entry.path));
    else if (stats.isBlockDevice() || stats.isCharacterDevice()) detail = String(stats.rdev);
    form.update(canonicalLine(entry, top, detail));
    entries += 1;
    if (turn.over()) await turn.yield();
  }
  return { digest: form.digest("hex"), size, entries, ...(content !== undefined && { content }) };
}

function normaliseEntry({ path, stats }: TreeEntry, exactModes: boolean): void {
  if (!exactModes && !stats.isSymbolicLink()) {
    const mode = stats.isDirectory() || stats.mode & 0o100 ? 0o555 : 0o444;
    if ((stats.mode & 0o7777) !== mode) chmodSync(path, mode);
    stats.mode = (stats.mode & ~0o7777) | mode;
  }
  lutimesSync(path, STORE_TIME, STORE_TIME);
}

function canonicalLine({ stats, relative }: TreeEntry, top: Stats, detail: string): string {
  const topDirectory = relative === "" && stats.isDirectory();
  const mode = topDirectory ? stats.mode & ~0o200 : stats.mode;
  const [uid, gid] = [asRoot(stats.uid, top.uid), asRoot(stats.gid, top.gid)];
  return `${mode.toString(8)} ${uid} ${gid} ${JSON.stringify(relative)} ${detail}\n`;
}

/**
 * The top's owner counts as root, and root as that one: so a tree that a user made has the same digest inside of a
 * namespace of theirs, where they are root, and outside.
 */
function asRoot(id: number, top: number): number {
  return id === top ? 0 : id === 0 ? top : id;
}

/** Every entry, a directory before what it holds, names in the order of their UTF-16 code units. */
export function* walkTree(root: string): Generator<TreeEntry> {
  const pending = [""];
  for (let relative = pending.pop(); relative !== undefined; relative = pending.pop()) {
    const path = relative === "" ? root : `${root}/${relative}`;
    const stats = lstatSync(path);
    yield { path, relative, stats };
    if (!stats.isDirectory()) continue;
    for (const name of readdirSync(path).sort().reverse()) {
      if (name.includes("\ufffd")) refuseName(path, name);
      pending.push(relative === "" ? name : `${relative}/${name}`);
    }
  }
}

function refuseName(directory: string, name: string): never {
  throw new MicrovmError("unsupported", `The file name "${name}" in "${directory}" is not UTF-8`, {
    hint: "Rename the file, or leave out what contains it",
  });
}

/** SHA-256 of a file's content, in hexadecimal. */
export async function hashFile(path: string, size = lstatSync(path).size): Promise<string> {
  return size < CHUNK ? hashSmallFile(path) : await hashLargeFile(path);
}

function hashSmallFile(path: string): string {
  const file = openSync(path, "r");
  try {
    const length = readSync(file, buffer, 0, CHUNK, null);
    return hash("sha256", buffer.subarray(0, length), "hex");
  } finally {
    closeSync(file);
  }
}

async function hashLargeFile(path: string): Promise<string> {
  const turn = takeTurns();
  const file = openSync(path, "r");
  try {
    const sum = createHash("sha256");
    for (;;) {
      const length = readSync(file, buffer, 0, CHUNK, null);
      if (length === 0) return sum.digest("hex");
      sum.update(buffer.subarray(0, length));
      if (turn.over()) await turn.yield();
    }
  } finally {
    closeSync(file);
  }
}

/** Synchronous calls are several times faster here than asynchronous ones; this lets others run in between. */
export function takeTurns() {
  let started = performance.now();
  return {
    over: () => performance.now() - started > TURN,
    async yield() {
      await setImmediate();
      started = performance.now();
    },
  };
}
