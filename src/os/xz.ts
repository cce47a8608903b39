/** xz, which Node's own zlib does not have. */
import lzma from "lzma-native";
import { MicrovmError } from "../errors.ts";

/** The decompressed content of a whole xz stream; works off the main thread. */
export function decompressXz(compressed: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    lzma.decompress(compressed, {}, (result, error) => {
      if (result && !error) resolve(result);
      else {
        reject(
          new MicrovmError("package-invalid", "Cannot decompress: the xz stream is damaged", {
            cause: error,
          }),
        );
      }
    });
  });
}
