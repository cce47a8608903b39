/**
 * xz, which Node's own zlib does not have: the host's program for what is large, since it takes two thirds of the
 * time and knows streams of several blocks; a library everywhere else.
 */
import lzma from "lzma-native";
import { MicrovmError } from "../errors.ts";
import { runToEnd } from "./processes.ts";

/** Bytes from which a process of its own, 10 ms to start from a large one, pays for itself. */
const LARGE = 1024 * 1024;

let hostProgram: Promise<boolean> | undefined;

/** The decompressed content of a whole xz stream; works off the main thread. */
export async function decompressXz(compressed: Uint8Array): Promise<Buffer> {
  if (compressed.length >= LARGE) {
    hostProgram ??= runToEnd(["xz", "--version"]).then(
      ({ code }) => code === 0,
      () => false,
    );
    if (await hostProgram) return decompressByProgram(compressed);
  }
  return decompressByLibrary(compressed);
}

async function decompressByProgram(compressed: Uint8Array): Promise<Buffer> {
  const { code, stdout, stderr } = await runToEnd(["xz", "--decompress", "--stdout", "--threads=0"], {
    input: compressed,
  });
  if (code !== 0) throw damaged(stderr.toString().trim());
  return stdout;
}

/** Memory that the decoder may take: the largest preset's window of 64 MiB and what goes with it. */
const MEMORY_LIMIT = 128 * 1024 * 1024;

/**
 * As `decompressXz`, for a stream that nobody vouches for: one that holds more than `maxSize` bytes is refused before
 * they fill the memory. Errors: `package-invalid`.
 */
export async function decompressXzBounded(compressed: Uint8Array, maxSize: number): Promise<Buffer> {
  const decoder = lzma.createDecompressor({ memlimit: MEMORY_LIMIT });
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    decoder.end(compressed);
    for await (const chunk of decoder as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxSize) break;
      chunks.push(chunk);
    }
  } catch (error) {
    throw damaged(error);
  }
  if (size > maxSize) {
    throw new MicrovmError(
      "package-invalid",
      `Cannot decompress: the xz stream holds more than ${maxSize} bytes`,
    );
  }
  return Buffer.concat(chunks);
}

/** As `decompressXz`, without the host's program. */
export function decompressByLibrary(compressed: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    lzma.decompress(compressed, {}, (result, error) => {
      if (result && !error) resolve(result);
      else reject(damaged(error));
    });
  });
}

function damaged(cause: unknown): MicrovmError {
  return new MicrovmError("package-invalid", "Cannot decompress: the xz stream is damaged", { cause });
}
