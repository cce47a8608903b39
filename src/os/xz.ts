/**
 * xz, which Node's own zlib does not have: the host's program for what is large, since it takes two thirds of the
 * time and knows streams of several blocks; a library everywhere else.
 */
import lzma from "lzma-native";
import { MicrovmError } from "../errors.ts";
import { runToEnd } from "./processes.ts";
import { pipeThrough } from "./streams.ts";

/** Bytes from which a process of its own, 10 ms to start from a large one, pays for itself. */
const LARGE = 1024 * 1024;

let hostProgram: Promise<boolean> | undefined;

/** Whether the host has the program `xz`; looked up once. */
export function hasXz(): Promise<boolean> {
  hostProgram ??= runToEnd(["xz", "--version"]).then(
    ({ code }) => code === 0,
    () => false,
  );
  return hostProgram;
}

/** The decompressed content of a whole xz stream; works off the main thread. */
export async function decompressXz(compressed: Uint8Array): Promise<Buffer> {
  if (compressed.length >= LARGE && (await hasXz())) return decompressByProgram(compressed);
  return decompressByLibrary(compressed);
}

async function decompressByProgram(compressed: Uint8Array): Promise<Buffer> {
  const { code, stdout, stderr } = await runToEnd(["xz", "--decompress", "--stdout", "--threads=0"], {
    input: compressed,
  });
  if (code !== 0) throw damagedXz(stderr.toString().trim());
  return stdout;
}

/** As `decompressXz`, without the host's program. */
export function decompressByLibrary(compressed: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    lzma.decompress(compressed, {}, (result, error) => {
      if (result && !error) resolve(result);
      else reject(damagedXz(error));
    });
  });
}

/** As `decompressByLibrary`, in pieces: no more than a few are in memory. */
export async function* streamByLibrary(compressed: Iterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* pipeThrough(compressed, lzma.createDecompressor());
  } catch (error) {
    throw damagedXz(error);
  }
}

/** The error of a stream that is not what it should be. */
export function damagedXz(cause: unknown): MicrovmError {
  return new MicrovmError("package-invalid", "Cannot decompress: the xz stream is damaged", { cause });
}
