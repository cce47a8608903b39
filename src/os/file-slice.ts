/** Parts of files, read in pieces, so that a large one never lies in memory as a whole. */
import { closeSync, openSync, readSync, statSync } from "node:fs";

/** A part of a file, in bytes. */
export interface FileSlice {
  readonly path: string;
  readonly start: number;
  readonly size: number;
}

/** Bytes in one piece: what a pipe of Linux holds four of. */
const PIECE = 256 * 1024;

/** The slice in pieces. A file that ends before the slice gives fewer bytes. */
export function* piecesOf({ path, start, size }: FileSlice): Generator<Buffer> {
  const file = openSync(path, "r");
  try {
    for (let at = 0; at < size; ) {
      const piece = Buffer.allocUnsafe(Math.min(PIECE, size - at));
      const length = readSync(file, piece, 0, piece.length, start + at);
      if (length === 0) return;
      at += length;
      yield piece.subarray(0, length);
    }
  } finally {
    closeSync(file);
  }
}

/** The whole slice; shorter when the file ends before it. */
export function readSlice(slice: FileSlice): Buffer {
  return Buffer.concat([...piecesOf(slice)]);
}

/** The end of a file: at most `size` bytes. */
export function readTail(path: string, size: number): Buffer {
  const length = statSync(path).size;
  return readSlice({ path, start: Math.max(0, length - size), size });
}

/** The pieces of a slice, of which some may be passed over without being read. */
export interface OpenSlice extends Iterator<Buffer>, Iterable<Buffer> {
  /** Passes over bytes; tells how many there were. */
  skip(length: number): number;
}

/** Opens a slice for reading by piece and passing over. */
export function openSlice({ path, start, size }: FileSlice): OpenSlice {
  let at = 0;
  let pieces: Iterator<Buffer> | undefined;
  const close = () => {
    pieces?.return?.();
    pieces = undefined;
  };
  const slice: OpenSlice = {
    next() {
      pieces ??= piecesOf({ path, start: start + at, size: size - at });
      const piece = pieces.next();
      if (!piece.done) at += piece.value.length;
      return piece;
    },
    skip(length) {
      close();
      const skipped = Math.min(length, size - at);
      at += skipped;
      return skipped;
    },
    return() {
      close();
      return { done: true, value: undefined };
    },
    [Symbol.iterator]: () => slice,
  };
  return slice;
}
