/** The functions of `lzma-native` that the program and its tests use; the package ships no types. */
declare module "lzma-native" {
  import type { Duplex } from "node:stream";

  /** Calls back with the result, or with the error in its place. */
  export function decompress(
    data: Uint8Array,
    options: object,
    callback: (result: Buffer | undefined, error?: Error) => void,
  ): void;
  /** A stream that takes an xz stream and gives what it holds. */
  export function createDecompressor(): Duplex;
  /** Calls back with an xz stream; used by tests to make packages. */
  export function compress(data: Uint8Array, options: object, callback: (result: Buffer) => void): void;
}
