/** Reading tar archives: ustar, with GNU's long names and the PAX headers that real archives have. */
import { invalid } from "./deb.ts";

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
  /** A regular file's content: a view of the archive. */
  readonly content: Buffer;
  /** Extended attributes by name. */
  readonly xattrs: Readonly<Record<string, Buffer>>;
}

const BLOCK = 512;

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
  xattrs: Record<string, Buffer>;
}

/**
 * The entries in order; `name` is what errors call the archive. Errors: `package-invalid` for a wrong
 * checksum, a cut archive, an unknown type of entry, or a path with a `..` in it.
 */
export function* readTar(archive: Buffer, name: string): Generator<TarEntry> {
  let extension: Extension = { xattrs: {} };
  for (let at = 0; ; ) {
    if (at + BLOCK > archive.length) throw invalid(name, "its archive is cut short");
    // An archive ends with blocks of zeros.
    if (archive[at] === 0) return;
    checkSum(archive, at, name);
    const kind = String.fromCharCode(archive[at + 156]!);
    const isHeader = "xgLK".includes(kind);
    const size = (!isHeader && extension.size) || readNumber(archive, at + 124, 12, name);
    const start = at + BLOCK;
    // Links and devices may carry a size and have no content; tar(5).
    const stored = "123456".includes(kind) ? 0 : size;
    if (start + stored > archive.length) throw invalid(name, "its archive is cut short");
    const content = archive.subarray(start, start + stored);
    const header = at;
    at = start + Math.ceil(stored / BLOCK) * BLOCK;
    if (kind === "L") extension.path = untilZero(content);
    else if (kind === "K") extension.linkpath = untilZero(content);
    else if (kind === "x") readPax(content, extension, name);
    else if (kind !== "g") {
      yield entryOf(archive, header, kind, content, extension, name);
      extension = { xattrs: {} };
    }
  }
}

function entryOf(
  archive: Buffer,
  at: number,
  kind: string,
  content: Buffer,
  extension: Extension,
  name: string,
): TarEntry {
  const type = TYPES[kind];
  if (!type) throw invalid(name, `its archive has an entry of unknown type "${kind}"`);
  const written = extension.path ?? headerPath(archive, at);
  const target = extension.linkpath ?? text(archive, at + 157, 100);
  const isDevice = type === "char-device" || type === "block-device";
  return {
    type,
    path: cleanPath(written, name),
    mode: readNumber(archive, at + 100, 8, name) & 0o7777,
    uid: extension.uid ?? readNumber(archive, at + 108, 8, name),
    gid: extension.gid ?? readNumber(archive, at + 116, 8, name),
    mtime: extension.mtime ?? readNumber(archive, at + 136, 12, name),
    target: type === "hardlink" ? cleanPath(target, name) : target,
    device: {
      major: isDevice ? readNumber(archive, at + 329, 8, name) : 0,
      minor: isDevice ? readNumber(archive, at + 337, 8, name) : 0,
    },
    content,
    xattrs: extension.xattrs,
  };
}

/** ustar splits a long path in two; GNU's own format has no prefix there. */
function headerPath(archive: Buffer, at: number): string {
  const path = text(archive, at, 100);
  const isUstar = archive.toString("latin1", at + 257, at + 263) === "ustar\0";
  const prefix = isUstar ? text(archive, at + 345, 155) : "";
  return prefix === "" ? path : `${prefix}/${path}`;
}

function cleanPath(written: string, name: string): string {
  if (written.includes("\0")) throw invalid(name, `its archive has the path ${JSON.stringify(written)}`);
  const parts = written.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) throw invalid(name, `its archive leads outside with the path "${written}"`);
  return parts.join("/");
}

/** Records `LENGTH KEY=VALUE\n`, pax(1); the length counts the whole record. */
function readPax(content: Buffer, extension: Extension, name: string): void {
  for (let at = 0; at < content.length; ) {
    const space = content.indexOf(32, at);
    const length = Number(content.toString("latin1", at, space));
    if (space < 0 || !(length > 0) || at + length > content.length)
      throw invalid(name, "a PAX header is damaged");
    const equals = content.indexOf(61, space);
    const key = content.toString("utf8", space + 1, equals);
    const value = content.subarray(equals + 1, at + length - 1);
    if (key === "path" || key === "linkpath") extension[key] = value.toString();
    else if (key === "size" || key === "uid" || key === "gid") extension[key] = Number(value.toString());
    else if (key === "mtime") extension.mtime = Math.floor(Number(value.toString()));
    else if (key.startsWith("SCHILY.xattr."))
      extension.xattrs[key.slice("SCHILY.xattr.".length)] = Buffer.from(value);
    at += length;
  }
}

/** The sum of the header's bytes, with its own field counted as spaces. */
function checkSum(archive: Buffer, at: number, name: string): void {
  let sum = 8 * 32;
  for (let i = at; i < at + 148; i++) sum += archive[i]!;
  for (let i = at + 156; i < at + BLOCK; i++) sum += archive[i]!;
  if (sum !== readNumber(archive, at + 148, 8, name))
    throw invalid(name, "a checksum in its archive is wrong");
}

/** Octal digits, or with the top bit of the first byte set a big-endian binary number (GNU). */
function readNumber(archive: Buffer, at: number, length: number, name: string): number {
  if (archive[at]! & 0x80) {
    let value = archive[at]! & 0x7f;
    for (let i = at + 1; i < at + length; i++) value = value * 256 + archive[i]!;
    return value;
  }
  let value = 0;
  for (let i = at; i < at + length; i++) {
    const byte = archive[i]!;
    if (byte >= 48 && byte <= 55) value = value * 8 + byte - 48;
    else if (byte !== 32 && byte !== 0) throw invalid(name, "a number in its archive is damaged");
    else if (value !== 0) break;
  }
  return value;
}

function text(archive: Buffer, at: number, length: number): string {
  return untilZero(archive.subarray(at, at + length));
}

function untilZero(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString("utf8", 0, end < 0 ? bytes.length : end);
}
