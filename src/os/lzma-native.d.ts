/** The functions of `lzma-native` that the program and its tests use; the package ships no types. */
declare module "lzma-native" {
  import type { Duplex } from "node:stream";

  /** A stream that takes an xz stream and gives what it holds; `memlimit` is what it may take, in bytes. */
  export function createDecompressor(options: { readonly memlimit: number }): Duplex;
  /** Calls back with an xz stream; used by tests to make packages. */
  export function compress(data: Uint8Array, options: object, callback: (result: Buffer) => void): void;
}
