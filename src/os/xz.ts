/**
 * xz, which Node's own zlib does not have: the host's program for what is large, since it takes two thirds of the
 * time and knows streams of several blocks; a library everywhere else.
 */
import { MicrovmError } from "../errors.ts";
import { ended, runToEnd, spawn } from "./processes.ts";
import { pipeThrough } from "./streams.ts";

/** Bytes from which a process of its own, 10 ms to start from a large one, pays for itself. */
const LARGE = 1024 * 1024;

/** Memory that a decoder may take: the largest preset's window of 64 MiB and what goes with it. */
const MEMORY_LIMIT = 128 * 1024 * 1024;

let hostProgram: Promise<boolean> | undefined;

/** Whether the host has the program `xz`; looked up once. */
export function hasXz(): Promise<boolean> {
  hostProgram ??= runToEnd(["xz", "--version"]).then(
    ({ code }) => code === 0,
    () => false,
  );
  return hostProgram;
}

/**
 * The decompressed content of a whole xz stream; works off the main thread. A stream that holds more than `maxSize`
 * bytes is refused before they fill the memory. Errors: `package-invalid`.
 */
export async function decompressXz(
  compressed: Uint8Array,
  maxSize = Number.MAX_SAFE_INTEGER,
): Promise<Buffer> {
  const isForProgram = compressed.length >= LARGE && (await hasXz());
  return collect(isForProgram ? streamByProgram(compressed) : streamByLibrary([compressed]), maxSize);
}

async function collect(stream: AsyncIterable<Buffer>, maxSize: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of stream) {
    size += piece.length;
    if (size > maxSize) {
      throw new MicrovmError(
        "package-invalid",
        `Cannot decompress: the xz stream holds more than ${maxSize} bytes`,
      );
    }
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

async function* streamByProgram(compressed: Uint8Array): AsyncGenerator<Buffer> {
  const options = ["--decompress", "--stdout", "--threads=0", `--memlimit-decompress=${MEMORY_LIMIT}`];
  const child = spawn("xz", options, { stdio: ["pipe", "pipe", "pipe"] });
  const end = ended(child);
  let complaint = "";
  child.stderr.on("data", (text) => {
    complaint += text;
  });
  // One that stops reading says why on its standard error.
  child.stdin.on("error", () => {});
  child.stdin.end(compressed);
  try {
    yield* child.stdout as AsyncIterable<Buffer>;
    if ((await end) !== 0) throw damagedXz(complaint.trim());
  } finally {
    child.kill("SIGKILL");
  }
}

/** A native library of many files, which most runs have no use for. */
const library = () => import("lzma-native");

/** Loads the library ahead of its use. Whoever uses it is told of what goes wrong. */
export async function loadXzLibrary(): Promise<void> {
  await library().catch(() => {});
}

/** What an xz stream holds, in pieces, without the host's program: no more than a few are in memory. */
export async function* streamByLibrary(compressed: Iterable<Uint8Array>): AsyncGenerator<Buffer> {
  const { default: lzma } = await library();
  try {
    yield* pipeThrough(compressed, lzma.createDecompressor({ memlimit: MEMORY_LIMIT }));
  } catch (error) {
    throw damagedXz(error);
  }
}

/** The error of a stream that is not what it should be. */
export function damagedXz(cause: unknown): MicrovmError {
  return new MicrovmError("package-invalid", "Cannot decompress: the xz stream is damaged", { cause });
}
