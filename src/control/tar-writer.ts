/** A file or a tree of the host as a tar archive, pax(1), in pieces. */
import { join } from "node:path";
import { MicrovmError } from "../errors.ts";
import { piecesOf } from "../os/file-slice.ts";
import { lstatSync, readdirSync, readlinkSync, type Stats } from "../os/files.ts";

/** Of an archive's block, in bytes. */
const BLOCK = 512;

/** Largest size and longest name of a plain header. */
const MOST_SIZE = 8 ** 11 - 1;
const LONGEST_NAME = 100;

/** What a copy makes known while it goes on: bytes of files, and what is left out. */
export interface CopyProgress {
  copied(bytes: number): void;
  skipped(path: string): void;
}

/**
 * An archive of one entry, `name`, with all below it. Symbolic links stay links. Owners are left out. Devices, sockets
 * and FIFOs are skipped. Errors: `guest-failed` for a file that shrinks meanwhile.
 */
export function* tarOf(path: string, name: string, progress: CopyProgress): Generator<Buffer> {
  yield* entry(path, name, progress);
  yield Buffer.alloc(2 * BLOCK);
}

function* entry(path: string, name: string, progress: CopyProgress): Generator<Buffer> {
  const stats = lstatSync(path);
  if (stats.isDirectory()) {
    yield* header(`${name}/`, "5", stats);
    for (const child of readdirSync(path).sort())
      yield* entry(join(path, child), `${name}/${child}`, progress);
  } else if (stats.isSymbolicLink()) {
    yield* header(name, "2", stats, readlinkSync(path));
  } else if (stats.isFile()) {
    yield* header(name, "0", stats);
    yield* content(path, stats.size, progress);
  } else {
    progress.skipped(path);
  }
}

function* content(path: string, size: number, progress: CopyProgress): Generator<Buffer> {
  let length = 0;
  for (const piece of piecesOf({ path, start: 0, size })) {
    length += piece.length;
    yield piece;
    progress.copied(piece.length);
  }
  if (length < size) {
    throw new MicrovmError("guest-failed", `"${path}" became shorter while it was copied`, {
      hint: "Copy it again when nothing writes to it",
    });
  }
  yield Buffer.alloc(padding(size));
}

/** A header, and before it an extended one for what does not fit. */
function* header(name: string, type: string, stats: Stats, target = ""): Generator<Buffer> {
  const size = type === "0" ? stats.size : 0;
  const long = [
    ...(fits(name) ? [] : [record("path", name)]),
    ...(fits(target) ? [] : [record("linkpath", target)]),
    ...(size <= MOST_SIZE ? [] : [record("size", String(size))]),
  ];
  if (long.length > 0) {
    const records = Buffer.concat(long);
    yield block("pax", "x", 0o644, records.length, 0, "");
    yield Buffer.concat([records, Buffer.alloc(padding(records.length))]);
  }
  yield block(
    name,
    type,
    stats.mode & 0o777,
    Math.min(size, MOST_SIZE),
    Math.floor(stats.mtimeMs / 1000),
    target,
  );
}

const fits = (text: string) => Buffer.byteLength(text) <= LONGEST_NAME;

const padding = (size: number) => (BLOCK - (size % BLOCK)) % BLOCK;

/** "LENGTH KEY=VALUE\n", where the length counts itself. */
function record(key: string, value: string): Buffer {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + String(rest).length;
  if (rest + String(length).length > length) length++;
  return Buffer.from(`${length} ${key}=${value}\n`);
}

function block(name: string, type: string, mode: number, size: number, time: number, target: string): Buffer {
  const bytes = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, width: number) =>
    bytes.write(
      `${Math.max(0, value)
        .toString(8)
        .padStart(width - 1, "0")}\0`,
      at,
      "latin1",
    );
  Buffer.from(name).copy(bytes, 0, 0, LONGEST_NAME);
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(time, 136, 12);
  bytes.fill(" ", 148, 156);
  bytes.write(type, 156, "latin1");
  Buffer.from(target).copy(bytes, 157, 0, LONGEST_NAME);
  bytes.write("ustar\x0000", 257, "latin1");
  octal(
    bytes.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  );
  return bytes;
}
