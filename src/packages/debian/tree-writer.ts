/**
 * Writing archive entries into a root that is stacked on read-only layers. Nothing is ever written outside
 * the root: every directory on the way is looked up part by part, symbolic links are followed inside the root,
 * and what is created is created anew, never through a link.
 *
 * Several threads may write to one root. A directory never stops being one, so what was looked up stays true.
 */
import { join } from "node:path";
import { systemCode } from "../../errors.ts";
import {
  chmodSync,
  closeSync,
  fchmodSync,
  fchownSync,
  fsConstants,
  futimesSync,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  type Stats,
  symlinkSync,
  unlinkSync,
  writeSync,
} from "../../os/files.ts";
import { invalid } from "./invalid.ts";
import type { TarEntry } from "./tar.ts";

/** Linux gives up after 40 symbolic links in one path; path_resolution(7). */
const MAX_LINKS = 40;

/** Two threads that replace the same file can meet; each pass of one of them succeeds. */
const MAX_REPLACEMENTS = 20;

/** A root directory with the layers below it, the nearest first. */
export interface Tree {
  readonly root: string;
  readonly lowers: readonly string[];
}

/** Functions bound to one tree. Paths are relative to the root; errors are `package-invalid`. */
export class TreeWriter {
  readonly #tree: Tree;
  readonly #isRoot = process.getuid?.() === 0;
  readonly #umask = process.umask();
  /** Directories that were looked up: to their real paths, which hold no symbolic link. */
  readonly #directories = new Map<string, string>([["", ""]]);
  /** The layers below that add to a real directory: those behind a non-directory are hidden. */
  readonly #contributors = new Map<string, readonly string[]>();
  /** Real paths of the directories that this writer created and that no layer below has. */
  readonly created = new Set<string>();
  /** What errors call the package at hand. */
  packageName = "";

  constructor(tree: Tree) {
    this.#tree = tree;
    this.#contributors.set("", tree.lowers);
  }

  /** The real path of a directory, which is created where it is missing. */
  directory(path: string, links = 0): string {
    const known = this.#directories.get(path);
    if (known !== undefined) return known;
    const { parent, base } = split(path);
    const real = this.#enter(this.directory(parent, links), base, links);
    this.#directories.set(path, real);
    return real;
  }

  /** The real place of a path whose last part is not followed. */
  place(path: string): string {
    const { parent, base } = split(path);
    return join(this.directory(parent), base);
  }

  /** Writes a regular file and returns its real path. */
  async file(path: string, entry: TarEntry): Promise<string> {
    const real = this.place(path);
    const full = join(this.#tree.root, real);
    const { O_CREAT, O_EXCL, O_WRONLY } = fsConstants;
    const file = this.#replace(full, () => openSync(full, O_CREAT | O_EXCL | O_WRONLY, entry.mode & 0o777));
    try {
      if (Array.isArray(entry.content)) for (const piece of entry.content) writeWhole(file, piece);
      else for await (const piece of entry.content) writeWhole(file, piece);
      const isOwned = this.#isRoot && (entry.uid !== 0 || entry.gid !== 0);
      if (isOwned) fchownSync(file, entry.uid, entry.gid);
      // Changing the owner takes setuid away, so the mode comes after it.
      if (isOwned || entry.mode & (this.#umask | 0o7000)) fchmodSync(file, entry.mode);
      futimesSync(file, entry.mtime, entry.mtime);
    } finally {
      closeSync(file);
    }
    return real;
  }

  /** Writes a file of our own, as `file` does: never through what a package has put in its place. */
  write(path: string, content: string | Uint8Array, mode = 0o644): void {
    const full = join(this.#tree.root, this.place(path));
    const { O_CREAT, O_EXCL, O_WRONLY } = fsConstants;
    const file = this.#replace(full, () => openSync(full, O_CREAT | O_EXCL | O_WRONLY, mode));
    try {
      writeWhole(file, Buffer.from(content));
      fchmodSync(file, mode);
    } finally {
      closeSync(file);
    }
  }

  /** The text of a regular file in the nearest layer that has something there; undefined when none has. */
  read(path: string): string | undefined {
    const { parent, base } = split(path);
    const directory = this.directory(parent);
    const found = this.#look(directory, base);
    if (!found) return undefined;
    if (!found.stats.isFile()) throw this.refuse(`"/${path}" is no regular file`);
    return readFileSync(join(found.layer, directory, base), "utf8");
  }

  /** Makes a symbolic link; where a directory stands already, that stays, as with dpkg. */
  symlink(path: string, entry: TarEntry): string {
    const { parent, base } = split(path);
    const directory = this.directory(parent);
    const real = join(directory, base);
    const full = join(this.#tree.root, real);
    if (this.#look(directory, base)?.stats.isDirectory()) return real;
    this.#replace(full, () => symlinkSync(entry.target, full));
    if (this.#isRoot) lchownSync(full, entry.uid, entry.gid);
    lutimesSync(full, entry.mtime, entry.mtime);
    return real;
  }

  /** Gives the file at the real path `existing` another name. */
  hardlink(path: string, existing: string): string {
    const real = this.place(path);
    const full = join(this.#tree.root, real);
    if (real !== existing) this.#replace(full, () => linkSync(join(this.#tree.root, existing), full));
    return real;
  }

  /** The real path of `base` below a real directory, followed and created as a directory. */
  #enter(parent: string, base: string, links: number): string {
    const real = join(parent, base);
    for (let tries = 0; tries < MAX_REPLACEMENTS; tries++) {
      const found = this.#look(parent, base);
      if (found?.stats.isSymbolicLink()) {
        if (links >= MAX_LINKS) throw this.refuse(`too many symbolic links at "/${real}"`);
        return this.#follow(parent, readlinkSync(join(found.layer, real)), links + 1);
      }
      if (found && !found.stats.isDirectory()) throw this.refuse(`"/${real}" is no directory`);
      if (found?.layer === this.#tree.root || this.#makeDirectory(real, found?.stats)) {
        this.#contributors.set(real, this.#contributorsOf(parent, base));
        return real;
      }
    }
    throw this.refuse(`"/${real}" keeps changing`);
  }

  #follow(parent: string, target: string, links: number): string {
    let real = target.startsWith("/") ? "" : parent;
    for (const part of target.split("/")) {
      if (part === "" || part === ".") continue;
      real = part === ".." ? split(real).parent : this.#enterKnown(real, part, links);
    }
    return real;
  }

  #enterKnown(parent: string, base: string, links: number): string {
    const path = join(parent, base);
    const known = this.#directories.get(path) ?? this.#enter(parent, base, links);
    this.#directories.set(path, known);
    return known;
  }

  /** False when someone else was faster. A directory of a layer below keeps that one's owner and mode. */
  #makeDirectory(real: string, below: Stats | undefined): boolean {
    const full = join(this.#tree.root, real);
    try {
      mkdirSync(full, 0o755);
    } catch (error) {
      if (systemCode(error) === "EEXIST") return false;
      throw error;
    }
    if (below) {
      if (this.#isRoot) lchownSync(full, below.uid, below.gid);
      chmodSync(full, below.mode & 0o7777);
    } else {
      this.created.add(real);
    }
    return true;
  }

  /** What stands at `base` below a real directory, in the nearest layer that says so. */
  #look(parent: string, base: string): { layer: string; stats: Stats } | undefined {
    const real = join(parent, base);
    for (const layer of [this.#tree.root, ...(this.#contributors.get(parent) ?? [])]) {
      const stats = lstatSync(join(layer, real), { throwIfNoEntry: false });
      if (stats) return isWhiteout(stats) ? undefined : { layer, stats };
    }
    return undefined;
  }

  #contributorsOf(parent: string, base: string): readonly string[] {
    const found: string[] = [];
    for (const layer of this.#contributors.get(parent) ?? []) {
      const stats = lstatSync(join(layer, parent, base), { throwIfNoEntry: false });
      if (!stats) continue;
      if (!stats.isDirectory()) break;
      found.push(layer);
    }
    return found;
  }

  /** Creates with `make`, which must refuse what exists; a non-directory in its way is removed first. */
  #replace<T>(full: string, make: () => T): T {
    for (let tries = 0; ; tries++) {
      try {
        return make();
      } catch (error) {
        if (systemCode(error) !== "EEXIST" || tries >= MAX_REPLACEMENTS) throw error;
      }
      const stats = lstatSync(full, { throwIfNoEntry: false });
      if (stats?.isDirectory()) throw this.refuse(`"${full.slice(this.#tree.root.length)}" is a directory`);
      try {
        unlinkSync(full);
      } catch (error) {
        if (systemCode(error) !== "ENOENT") throw error;
      }
    }
  }

  /** The error of an entry that cannot be written; `why` begins with a small letter. */
  refuse(why: string): Error {
    return invalid(this.packageName, why);
  }
}

function writeWhole(file: number, piece: Buffer): void {
  for (let at = 0; at < piece.length; ) at += writeSync(file, piece, at);
}

/** Overlayfs marks what an upper layer removed by a character device 0/0. */
function isWhiteout(stats: Stats): boolean {
  return stats.isCharacterDevice() && stats.rdev === 0;
}

function split(path: string): { parent: string; base: string } {
  const slash = path.lastIndexOf("/");
  return { parent: slash < 0 ? "" : path.slice(0, slash), base: path.slice(slash + 1) };
}
