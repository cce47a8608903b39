/** The functions of `lzma-native` that the program and its tests use; the package ships no types. */
declare module "lzma-native" {
  /** Calls back with the result, or with the error in its place. */
  export function decompress(
    data: Uint8Array,
    options: object,
    callback: (result: Buffer | undefined, error?: Error) => void,
  ): void;
  /** Calls back with an xz stream; used by tests to make packages. */
  export function compress(data: Uint8Array, options: object, callback: (result: Buffer) => void): void;
  /** A stream that decompresses; `memlimit` is what the decoder may take, in bytes. */
  export function createDecompressor(options: { readonly memlimit: number }): import("node:stream").Transform;
}
