/** The one function of `lzma-native` that the program uses; the package ships no types. */
declare module "lzma-native" {
  /** Calls back with the result, or with the error in its place. */
  export function decompress(
    data: Uint8Array,
    options: object,
    callback: (result: Buffer | undefined, error?: Error) => void,
  ): void;
}
