/**
 * One `xz` program for many streams, since to start one takes longer than most streams do.
 *
 * The program is told the names of files as they come (`--files`) and writes what they hold to its standard output,
 * without a mark in between. So the size is read from a stream's index first, and each is followed by a known one:
 * where that does not come exactly in its place, or the program complains, the stream is damaged.
 */
import { randomUUID } from "node:crypto";
import { closeSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { messageOf } from "../errors.ts";
import { type FileSlice, piecesOf, readSlice } from "./file-slice.ts";
import { type ChildProcess, spawn } from "./processes.ts";
import { damagedXz, streamByLibrary } from "./xz.ts";

/** The program of a decoder. */
export interface XzProgram {
  /** The command that runs `xz`, without options. */
  readonly command: readonly string[];
  /** Existing directory for the streams' files. */
  readonly directory: string;
}

/** Decompresses xz streams, one at a time. */
export interface XzDecoder extends Disposable {
  /** What a stream holds, in pieces. Errors: `package-invalid` when it is damaged. */
  stream(compressed: FileSlice): AsyncGenerator<Buffer>;
}

/** Bytes below which the library is faster than files and pipes. */
const SMALL = 8 * 1024;

/** What follows every stream, and its xz stream (`xz --check=crc32`). */
const MARK = Buffer.from("microvm\n");
const MARK_STREAM = "/Td6WFoAAAFpIt42AgAhARwAAAAQz1jMAQAHbWljcm92bQoALaIvPgABHAhEYCrIkEKZDQEAAAAAAVla";

/** A decoder that keeps one program running; without one, the library does the work. */
export function openXzDecoder(program: XzProgram | undefined): XzDecoder {
  let running: RunningXz | undefined;
  const stop = () => {
    running?.stop();
    running = undefined;
  };
  return {
    async *stream(compressed) {
      if (!program || compressed.size < SMALL) return yield* streamByLibrary(piecesOf(compressed));
      const size = xzContentSize(compressed);
      running ??= new RunningXz(program);
      let isWhole = false;
      try {
        yield* running.decompress(compressed, size);
        isWhole = true;
      } finally {
        // What is left of a stream must not be taken for the next one.
        if (!isWhole) stop();
      }
    },
    [Symbol.dispose]: stop,
  };
}

class RunningXz {
  readonly #directory: string;
  readonly #mark: string;
  readonly #child: ChildProcess;
  readonly #output: AsyncIterator<Buffer>;
  #complaint = "";

  constructor({ command, directory }: XzProgram) {
    const [program, ...args] = command as [string, ...string[]];
    this.#directory = directory;
    this.#mark = join(directory, `${randomUUID()}.xz`);
    writeFileSync(this.#mark, Buffer.from(MARK_STREAM, "base64"));
    this.#child = spawn(program, [...args, "--decompress", "--stdout", "--quiet", "--threads=1", "--files"], {
      stdio: "pipe",
    });
    this.#child.on("error", (error) => this.#complain(messageOf(error)));
    this.#child.stdin!.on("error", () => {});
    this.#child.stderr!.on("data", (text: Buffer) => this.#complain(text.toString()));
    this.#output = this.#child.stdout![Symbol.asyncIterator]();
  }

  async *decompress(compressed: FileSlice, size: number): AsyncGenerator<Buffer> {
    const file = join(this.#directory, `${randomUUID()}.xz`);
    try {
      copySlice(compressed, file);
      this.#child.stdin!.write(`${file}\n${this.#mark}\n`);
      let tail = Buffer.alloc(0);
      for (let left = size; left > 0 || tail.length < MARK.length; ) {
        const { value, done } = await this.#output.next();
        if (done) throw damagedXz(this.#complaint);
        const content = value.subarray(0, left);
        left -= content.length;
        tail = Buffer.concat([tail, value.subarray(content.length)]);
        if (content.length > 0) yield content;
      }
      // A complaint was written before the mark. The mark can have been read in a turn of the event loop that began
      // earlier still, so the complaint is heard in the next one at the latest.
      await setImmediate();
      await setImmediate();
      if (this.#complaint !== "" || !tail.equals(MARK)) throw damagedXz(this.#complaint);
    } finally {
      rmSync(file, { force: true });
    }
  }

  stop(): void {
    this.#child.kill("SIGKILL");
    rmSync(this.#mark, { force: true });
  }

  /** Ends the program, and with it the output, which somebody may be waiting for. */
  #complain(text: string): void {
    this.#complaint += text;
    this.#child.kill("SIGKILL");
  }
}

function copySlice(slice: FileSlice, path: string): void {
  const file = openSync(path, "wx", 0o600);
  try {
    for (const piece of piecesOf(slice)) writeSync(file, piece);
  } finally {
    closeSync(file);
  }
}

/** Bytes of the header and of the footer, and in the latter: the checksum of the size and the flags, the size, the flags, "YZ". */
const FOOTER = 12;

/**
 * How many bytes a stream holds, from the index at its end (xz-file-format, sections 2.1.2 and 4). Whether the index
 * is true is found out when the stream is decompressed.
 */
export function xzContentSize({ path, start, size }: FileSlice): number {
  if (size < 2 * FOOTER) throw damagedXz("it is too short");
  const footer = readSlice({ path, start: start + size - FOOTER, size: FOOTER });
  if (footer.toString("latin1", 10) !== "YZ") throw damagedXz("it has no footer");
  const indexSize = (footer.readUInt32LE(4) + 1) * 4;
  if (indexSize > Math.min(size - 2 * FOOTER, MAX_INDEX)) throw damagedXz("its index is too large");
  const index = readSlice({ path, start: start + size - FOOTER - indexSize, size: indexSize });
  const { compressed, content } = sumsOfIndex(index);
  // Several streams one after the other would hold more than the index of the last tells.
  if (compressed !== size - 2 * FOOTER - indexSize) throw damagedXz("its index does not fit its size");
  return content;
}

/** Bytes of an index: enough for half a million blocks. */
const MAX_INDEX = 4 * 1024 * 1024;

/** The index: a zero, the number of blocks, and for each block its sizes compressed (before padding) and not. */
function sumsOfIndex(index: Buffer): { readonly compressed: number; readonly content: number } {
  let at = 1;
  const number = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = index[at++];
      // Nine bytes of seven bits each are the most.
      if (byte === undefined || scale > 2 ** 56) throw damagedXz("its index is damaged");
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  if (index[0] !== 0) throw damagedXz("it has no index");
  let compressed = 0;
  let content = 0;
  for (let blocks = number(); blocks > 0; blocks--) {
    compressed += Math.ceil(number() / 4) * 4;
    content += number();
  }
  if (!Number.isSafeInteger(compressed + content)) throw damagedXz("its index is damaged");
  return { compressed, content };
}
