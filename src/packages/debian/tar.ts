/**
 * Reading tar archives as they come: ustar, with GNU's long names and the PAX headers that real archives have.
 */
import { ByteReader } from "./byte-reader.ts";
import { invalid } from "./invalid.ts";
import {
  BLOCK,
  checkSum,
  decode,
  MAX_ID,
  MAX_TIME,
  readNumber,
  text,
  untilZero,
  within,
} from "./tar-fields.ts";

/** What an entry makes. */
export type TarType = "file" | "hardlink" | "symlink" | "directory" | "char-device" | "block-device" | "fifo";

/** One entry of an archive. */
export interface TarEntry {
  readonly type: TarType;
  /** Relative, without `.` parts or a slash at either end; "" is the archive's own top. */
  readonly path: string;
  /** Permission bits, setuid, setgid and sticky included. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since 1970. */
  readonly mtime: number;
  /** Target of a symbolic link, as written; of a hard link, a path like `path`. */
  readonly target: string;
  readonly device: { readonly major: number; readonly minor: number };
  /** Of a regular file's content, in bytes. */
  readonly size: number;
  /** Where the content begins in the archive. */
  readonly offset: number;
  /** A regular file's content, in pieces; only until the next entry is asked for. */
  readonly content: AsyncIterable<Buffer> | readonly Buffer[];
  /** Extended attributes by name. */
  readonly xattrs: Readonly<Record<string, Buffer>>;
}

const TYPES: Readonly<Record<string, TarType>> = {
  "\0": "file",
  "0": "file",
  "1": "hardlink",
  "2": "symlink",
  "3": "char-device",
  "4": "block-device",
  "5": "directory",
  "6": "fifo",
  "7": "file",
};

/** What extended headers say about the next entry. */
interface Extension {
  path?: string;
  linkpath?: string;
  size?: number;
  mtime?: number;
  uid?: number;
  gid?: number;
  readonly xattrs: Record<string, Buffer>;
}

/** Attributes may have any name, those of JavaScript's objects included. */
const newExtension = (): Extension => ({ xattrs: Object.create(null) });

/** Bytes of a path and of one of its parts, PATH_MAX and NAME_MAX of Linux: room is left for the tree's own. */
const MAX_PATH = 3072;
const MAX_PART = 255;

/** Bytes of a file's content that are read at once. */
const SMALL = 128 * 1024;

/** Bytes of an extended header: names and attributes have at most 64 KiB each on Linux. */
const MAX_EXTENSION = 1024 * 1024;

/**
 * The entries in order; `name` is what errors call the archive. Errors: `package-invalid` for a wrong
 * checksum, a cut archive, an unknown type of entry, or a path with a `..` in it.
 */
export async function* readTar(
  archive: AsyncIterable<Buffer> | Iterable<Buffer>,
  name: string,
): AsyncGenerator<TarEntry> {
  const reader = new ByteReader(archive);
  const read = async (length: number) => {
    const bytes = reader.readNow(length) ?? (await reader.read(length));
    if (bytes.length < length) throw invalid(name, "its archive is cut short");
    return bytes;
  };
  let extension = newExtension();
  try {
    for (;;) {
      const header = await read(BLOCK);
      // An archive ends with blocks of zeros. The rest is read, so that its checksum is looked at.
      if (header[0] === 0) return void (await reader.skip(Number.MAX_SAFE_INTEGER));
      checkSum(header, name);
      const kind = String.fromCharCode(header[156]!);
      if ("xgLK".includes(kind)) {
        const size = readNumber(header, 124, 12, name);
        if (size > MAX_EXTENSION) throw invalid(name, "a header in its archive is too large");
        const content = await read(padded(size));
        extend(extension, kind, content.subarray(0, size), name);
        continue;
      }
      // Links and devices may carry a size and have no content; tar(5).
      const size = "123456".includes(kind) ? 0 : (extension.size ?? readNumber(header, 124, 12, name));
      if (!Number.isSafeInteger(size) || size < 0) throw invalid(name, "a number in its archive is damaged");
      const offset = reader.position;
      if (size <= SMALL) {
        const content = (await read(padded(size))).subarray(0, size);
        yield entryOf(header, kind, { size, offset, content: [content] }, extension, name);
      } else {
        const content = new LargeContent(reader, size, name);
        yield entryOf(header, kind, { size, offset, content }, extension, name);
        await content.finish();
      }
      extension = newExtension();
    }
  } finally {
    await reader.close();
  }
}

function padded(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK;
}

/** A large file's content, read by whoever wants it, in pieces. */
class LargeContent implements AsyncIterable<Buffer> {
  readonly #reader: ByteReader;
  readonly #size: number;
  readonly #name: string;
  #read = 0;

  constructor(reader: ByteReader, size: number, name: string) {
    this.#reader = reader;
    this.#size = size;
    this.#name = name;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    for await (const piece of this.#reader.take(this.#size - this.#read)) {
      this.#read += piece.length;
      yield piece;
    }
    if (this.#read < this.#size) throw invalid(this.#name, "its archive is cut short");
  }

  /** Passes over what nobody read, up to the next entry. */
  async finish(): Promise<void> {
    const rest = padded(this.#size) - this.#read;
    if ((await this.#reader.skip(rest)) < rest) throw invalid(this.#name, "its archive is cut short");
  }
}

/** What an extended header says about the next entry; a global one says nothing that a package needs. */
function extend(extension: Extension, kind: string, content: Buffer, name: string): void {
  if (kind === "L") extension.path = untilZero(content, name);
  else if (kind === "K") extension.linkpath = untilZero(content, name);
  else if (kind === "x") readPax(content, extension, name);
}

function entryOf(
  header: Buffer,
  kind: string,
  { size, offset, content }: Pick<TarEntry, "size" | "offset" | "content">,
  extension: Extension,
  name: string,
): TarEntry {
  const type = TYPES[kind];
  if (!type) throw invalid(name, `its archive has an entry of unknown type "${kind}"`);
  const written = extension.path ?? headerPath(header, name);
  const target = extension.linkpath ?? text(header, 157, 100, name);
  if (type === "symlink") checkTarget(target, name);
  const isDevice = type === "char-device" || type === "block-device";
  return {
    type,
    path: cleanPath(written, name),
    mode: readNumber(header, 100, 8, name) & 0o7777,
    uid: within(extension.uid ?? readNumber(header, 108, 8, name), 0, MAX_ID, name),
    gid: within(extension.gid ?? readNumber(header, 116, 8, name), 0, MAX_ID, name),
    mtime: within(extension.mtime ?? readNumber(header, 136, 12, name), -MAX_TIME, MAX_TIME, name),
    target: type === "hardlink" ? cleanPath(target, name) : target,
    device: {
      major: isDevice ? readNumber(header, 329, 8, name) : 0,
      minor: isDevice ? readNumber(header, 337, 8, name) : 0,
    },
    size: type === "file" ? size : 0,
    offset,
    content,
    xattrs: extension.xattrs,
  };
}

/** ustar splits a long path in two; GNU's own format has no prefix there. */
function headerPath(header: Buffer, name: string): string {
  const path = text(header, 0, 100, name);
  const isUstar = header.toString("latin1", 257, 263) === "ustar\0";
  const prefix = isUstar ? text(header, 345, 155, name) : "";
  return prefix === "" ? path : `${prefix}/${path}`;
}

function cleanPath(written: string, name: string): string {
  if (written.includes("\0")) throw invalid(name, `its archive has the path ${JSON.stringify(written)}`);
  const parts = written.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) throw invalid(name, `its archive leads outside with the path "${written}"`);
  const isLong =
    Buffer.byteLength(written) > MAX_PATH || parts.some((part) => Buffer.byteLength(part) > MAX_PART);
  if (isLong) throw invalid(name, "a path in its archive is too long");
  return parts.join("/");
}

function checkTarget(target: string, name: string): void {
  if (target !== "" && !target.includes("\0") && Buffer.byteLength(target) <= MAX_PATH) return;
  throw invalid(name, "a symbolic link in its archive leads nowhere");
}

/** Records `LENGTH KEY=VALUE\n`, pax(1); the length counts the whole record. */
function readPax(content: Buffer, extension: Extension, name: string): void {
  for (let at = 0; at < content.length; ) {
    const space = content.indexOf(32, at);
    const digits = content.toString("latin1", at, Math.min(space, at + 8));
    const end = /^[1-9]\d*$/.test(digits) ? at + Number(digits) : Number.NaN;
    const equals = content.indexOf(61, space);
    const isWhole = space > at && equals > space && end > equals && content[end - 1] === 10;
    if (!isWhole) throw invalid(name, "a PAX header is damaged");
    const key = content.toString("utf8", space + 1, equals);
    const value = content.subarray(equals + 1, end - 1);
    // GNU's ways to leave holes out of a file's content.
    if (key.startsWith("GNU.sparse.")) throw invalid(name, "its archive has a sparse file");
    if (key === "path" || key === "linkpath") extension[key] = decode(value, name);
    else if (key === "size" || key === "uid" || key === "gid") extension[key] = decimal(value, name);
    else if (key === "mtime") extension.mtime = Math.floor(decimal(value, name));
    else if (key.startsWith("SCHILY.xattr."))
      extension.xattrs[key.slice("SCHILY.xattr.".length)] = Buffer.from(value);
    at = end;
  }
}

/** A number of a PAX record; only times have a sign or a fraction, and what is too large is refused later. */
function decimal(value: Buffer, name: string): number {
  const digits = value.toString("latin1");
  if (!/^-?\d{1,20}(\.\d*)?$/.test(digits)) throw invalid(name, "a PAX header is damaged");
  return Number(digits);
}
