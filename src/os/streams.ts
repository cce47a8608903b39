/** Streams as iterators. */
import { type Duplex, Readable } from "node:stream";

/**
 * What comes out of a stream when pieces are put into it. Nothing is left open, whether it is read to the end, given
 * up, or fails.
 */
export async function* pipeThrough(pieces: Iterable<Uint8Array>, through: Duplex): AsyncGenerator<Buffer> {
  const source = Readable.from(pieces, { objectMode: false });
  source.on("error", (error) => through.destroy(error));
  try {
    yield* source.pipe(through) as AsyncIterable<Buffer>;
  } finally {
    source.destroy();
    through.destroy();
  }
}
