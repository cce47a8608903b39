/** Reading an exact number of bytes from pieces as they come. */
import type { OpenSlice } from "../../os/file-slice.ts";

/** Bytes in order; what was read is gone. */
export class ByteReader {
  readonly #pieces: AsyncIterator<Buffer> | Iterator<Buffer>;
  #piece: Buffer = Buffer.alloc(0);
  /** How many bytes were read or passed over. */
  position = 0;

  constructor(pieces: AsyncIterable<Buffer> | Iterable<Buffer>) {
    this.#pieces =
      Symbol.asyncIterator in pieces ? pieces[Symbol.asyncIterator]() : pieces[Symbol.iterator]();
  }

  /** The next bytes when they are at hand, without waiting; else undefined, and nothing is read. */
  readNow(length: number): Buffer | undefined {
    if (this.#piece.length < length) return undefined;
    const bytes = this.#piece.subarray(0, length);
    this.#piece = this.#piece.subarray(length);
    this.position += length;
    return bytes;
  }

  /** The next bytes; fewer only at the end. */
  async read(length: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for await (const part of this.take(length)) parts.push(part);
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  }

  /** The next bytes in pieces; fewer only at the end. */
  async *take(length: number): AsyncGenerator<Buffer> {
    for (let left = length; left > 0; ) {
      if (this.#piece.length === 0) {
        const { value, done } = await this.#pieces.next();
        if (done) return;
        this.#piece = value;
      }
      const part = this.#piece.subarray(0, left);
      this.#piece = this.#piece.subarray(part.length);
      left -= part.length;
      this.position += part.length;
      yield part;
    }
  }

  /** Passes over bytes; tells how many there were. */
  async skip(length: number): Promise<number> {
    let skipped = 0;
    const atHand = "skip" in this.#pieces ? Math.min(length, this.#piece.length) : length;
    for await (const part of this.take(atHand)) skipped += part.length;
    if (!("skip" in this.#pieces)) return skipped;
    const passed = (this.#pieces as OpenSlice).skip(length - skipped);
    this.position += passed;
    return skipped + passed;
  }

  /** Tells the source that no more is wanted. */
  async close(): Promise<void> {
    await this.#pieces.return?.();
  }
}
