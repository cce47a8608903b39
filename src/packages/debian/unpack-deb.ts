/** Unpacking one package into a tree; what its database entry needs is given back. */
import type { XzDecoder } from "../../os/xz-decoder.ts";
import { type Deb, openDeb } from "./deb.ts";
import { invalid } from "./invalid.ts";
import { Bounds } from "./package-bounds.ts";
import type { PathFilter } from "./path-filter.ts";
import { pathExcluder } from "./path-filter.ts";
import { readTar, type TarEntry } from "./tar.ts";
import type { TreeWriter } from "./tree-writer.ts";

/** How packages are unpacked. */
export interface UnpackDebOptions {
  /** Conffiles are written as `PATH.dpkg-new`, for dpkg to install when it configures the package. */
  readonly isSystem: boolean;
  readonly filter?: PathFilter | undefined;
  /** Write nothing but the non-directories at these real paths. */
  readonly only?: readonly string[] | undefined;
}

/** A directory that a package ships, at its real path. */
interface ShippedDirectory {
  readonly real: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since 1970. */
  readonly mtime: number;
}

/** One file of the control archive. */
export interface ControlFile {
  readonly name: string;
  readonly mode: number;
  readonly content: Uint8Array;
}

/** What unpacking one package found and did. */
export interface UnpackedDeb {
  /** The text of its control file. */
  readonly control: string;
  /** The rest of the control archive: maintainer scripts, md5sums, conffiles, triggers, … */
  readonly controlFiles: readonly ControlFile[];
  /** Everything that it ships, as dpkg lists it: `/.`, `/usr`, `/usr/bin/x`; left-out files too. */
  readonly files: readonly string[];
  /** Real paths of the non-directories written. */
  readonly placed: readonly string[];
  readonly directories: readonly ShippedDirectory[];
  /** Real paths of the directories that were created and that no layer below has. */
  readonly created: readonly string[];
}

/** What packages of one tree are unpacked with. */
export interface Unpacker {
  readonly writer: TreeWriter;
  readonly xz: XzDecoder;
}

/** Unpacks the .deb at a path. Errors: `package-invalid`. */
export async function unpackDeb(
  path: string,
  { writer, xz }: Unpacker,
  options: UnpackDebOptions,
): Promise<UnpackedDeb> {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const deb = openDeb(path, name, xz);
  const meta = await readControl(deb, name);
  writer.packageName = name;
  const work = new DataUnpacking(name, writer, options, meta);
  for await (const entry of readTar(deb.data(), name)) await work.add(entry);
  if (work.needsSecondReading)
    for await (const entry of readTar(deb.data(), name)) await work.addAgain(entry);
  const created = [...writer.created];
  writer.created.clear();
  return { ...meta, ...work.result, created };
}

/** Conffiles of a package: absolute paths; those that it wants removed are none. */
export function conffilesOf(controlFiles: readonly ControlFile[]): readonly string[] {
  const list = controlFiles.find((file) => file.name === "conffiles");
  const lines = list ? Buffer.from(list.content).toString().split("\n") : [];
  return lines.map((line) => line.trimEnd()).filter((line) => line.startsWith("/"));
}

/** Bytes of all files of a control archive; the largest in Debian, lists of checksums, have some megabytes. */
const MAX_CONTROL = 64 * 1024 * 1024;

/** Bytes of a control file that is parsed; the largest in Debian have some hundred kilobytes. */
const MAX_PARSED = 4 * 1024 * 1024;
const PARSED = ["control", "conffiles", "triggers"];

/** The control files that a package can have: they become files of dpkg's, among them the one that it writes itself. */
const CONTROL_NAME = /^(?!list$)[A-Za-z0-9._+-]{1,50}$/;

/** What is known of a package before its files. */
type DebMetadata = Pick<UnpackedDeb, "control" | "controlFiles">;

/** What is in the control archive. Errors: `package-invalid`. */
export async function readControl(deb: Deb, name: string): Promise<DebMetadata> {
  let text: string | undefined;
  let total = 0;
  const controlFiles: ControlFile[] = [];
  for await (const entry of readTar(deb.control(), name)) {
    if (entry.type !== "file") continue;
    if (!CONTROL_NAME.test(entry.path)) {
      throw invalid(name, `its control archive holds ${JSON.stringify(entry.path)}`);
    }
    total += entry.size;
    const isHuge = PARSED.includes(entry.path) && entry.size > MAX_PARSED;
    if (isHuge || total > MAX_CONTROL) throw invalid(name, "its control archive is too large");
    const pieces: Buffer[] = [];
    for await (const piece of entry.content) pieces.push(piece);
    const content = Buffer.concat(pieces);
    if (entry.path === "control") text = content.toString();
    else controlFiles.push({ name: entry.path, mode: entry.mode, content });
  }
  if (text === undefined) throw invalid(name, "it has no control file");
  return { control: text, controlFiles };
}

class DataUnpacking {
  readonly #name: string;
  readonly #writer: TreeWriter;
  readonly #isExcluded: (path: string) => boolean;
  readonly #only: ReadonlySet<string> | undefined;
  readonly #conffiles: ReadonlySet<string>;
  readonly #bounds: Bounds;
  /** Files so far by archive path, for hard links: where they are; undefined: they were left out. */
  readonly #written = new Map<string, string | undefined>();
  /** Hard links to files that were left out, by these: the first of them gets the content. */
  readonly #orphans = new Map<string, string[]>();
  readonly result = {
    files: [] as string[],
    placed: [] as string[],
    directories: [] as ShippedDirectory[],
  };

  constructor(name: string, writer: TreeWriter, options: UnpackDebOptions, meta: DebMetadata) {
    const conffiles = options.isSystem ? conffilesOf(meta.controlFiles) : [];
    this.#name = name;
    this.#bounds = new Bounds(name, meta.control);
    this.#writer = writer;
    this.#isExcluded = pathExcluder(options.filter);
    this.#only = options.only && new Set(options.only);
    this.#conffiles = new Set(conffiles);
  }

  /** Whether the content of a file that was left out is wanted under another name. */
  get needsSecondReading(): boolean {
    return this.#orphans.size > 0;
  }

  /** Takes an entry of the second reading. */
  async addAgain(entry: TarEntry): Promise<void> {
    const [first, ...others] = entry.type === "file" ? (this.#orphans.get(entry.path) ?? []) : [];
    if (first === undefined) return;
    const real = await this.#writer.file(first, entry);
    this.result.placed.push(real, ...others.map((path) => this.#writer.hardlink(path, real)));
  }

  async add(entry: TarEntry): Promise<void> {
    this.#bounds.count(entry);
    // The list of a package's files has a line for each; dpkg refuses it as well.
    if (entry.path.includes("\n")) {
      throw invalid(this.#name, `its archive has the path ${JSON.stringify(entry.path)}`);
    }
    // Neither dpkg nor Node can set one; packages that want one have a script call setcap.
    const [attribute] = Object.keys(entry.xattrs);
    if (attribute !== undefined) {
      throw invalid(
        this.#name,
        `"/${entry.path}" has the extended attribute "${attribute}", which a package cannot`,
      );
    }
    this.result.files.push(entry.path === "" ? "/." : `/${entry.path}`);
    const isExcluded = entry.path !== "" && this.#isExcluded(`/${entry.path}`);
    if (entry.type === "directory") {
      if (!isExcluded && !this.#only) this.#addDirectory(entry);
      return;
    }
    if (entry.path === "") throw invalid(this.#name, "the top of its archive is no directory");
    const path = this.#conffiles.has(`/${entry.path}`) ? `${entry.path}.dpkg-new` : entry.path;
    const isWanted = !isExcluded && (!this.#only || this.#only.has(this.#writer.place(path)));
    const real = isWanted ? await this.#write(path, entry) : undefined;
    if (entry.type === "file") this.#written.set(entry.path, real);
    if (real === undefined) return;
    this.result.placed.push(real);
  }

  #addDirectory(entry: TarEntry): void {
    const { mode, uid, gid, mtime } = entry;
    this.result.directories.push({ real: this.#writer.directory(entry.path), mode, uid, gid, mtime });
  }

  async #write(path: string, entry: TarEntry): Promise<string | undefined> {
    switch (entry.type) {
      case "file":
        return await this.#writer.file(path, entry);
      case "symlink":
        return this.#writer.symlink(path, entry);
      case "hardlink":
        return this.#link(path, entry);
      default:
        throw invalid(this.#name, `"/${path}" is a device or a pipe, which a package cannot hold`);
    }
  }

  #link(path: string, { path: written, target }: TarEntry): string | undefined {
    if (!this.#written.has(target)) {
      throw invalid(this.#name, `"/${written}" is a hard link to "/${target}", which it does not hold`);
    }
    const real = this.#written.get(target);
    if (real !== undefined) return this.#writer.hardlink(path, real);
    this.#orphans.set(target, [...(this.#orphans.get(target) ?? []), path]);
    return undefined;
  }
}
