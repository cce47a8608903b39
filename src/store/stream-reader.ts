/** Reading a stream of store paths, of which nothing is trusted. Memory is bounded by the longest record. */
import { MicrovmError, messageOf } from "../errors.ts";
import { MAX_RECORD } from "./stream-format.ts";

/** A damaged or hostile stream. */
export function invalidStream(message: string, cause?: unknown): MicrovmError {
  return new MicrovmError("stream-invalid", message, {
    hint: "Export it again; nothing of the path at fault was kept",
    ...(cause !== undefined && { cause }),
  });
}

/** Takes what it wants from a stream, piece by piece. */
export interface StreamReader {
  /** So many bytes, at most `MAX_RECORD`. A stream that ends before is an error (`stream-invalid`), here and below. */
  bytes(length: number): Promise<Buffer>;
  /** A record: a JSON object. */
  record(): Promise<Readonly<Record<string, unknown>>>;
  /** So many bytes, in pieces as they come. */
  pieces(length: number): AsyncGenerator<Buffer>;
  /** Makes sure that nothing follows. */
  end(): Promise<void>;
}

/** Reads from a source of bytes. */
export function readStream(source: AsyncIterable<Uint8Array>): StreamReader {
  const chunks = source[Symbol.asyncIterator]();
  let held: Buffer = Buffer.alloc(0);
  /** What is at hand, at least one byte; undefined at the end. */
  const fill = async (): Promise<Buffer | undefined> => {
    while (held.length === 0) {
      const { done, value } = await chunks.next().catch((error) => {
        throw invalidStream(`Cannot read the stream: ${messageOf(error)}`, error);
      });
      if (done) return undefined;
      held = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    }
    return held;
  };
  async function* pieces(length: number): AsyncGenerator<Buffer> {
    for (let left = length; left > 0; ) {
      const chunk = await fill();
      if (!chunk) throw invalidStream("The stream ends in the middle");
      const piece = chunk.subarray(0, left);
      held = chunk.subarray(piece.length);
      left -= piece.length;
      yield piece;
    }
  }
  const bytes = async (length: number) => {
    const found: Buffer[] = [];
    for await (const piece of pieces(length)) found.push(piece);
    return Buffer.concat(found);
  };
  return {
    bytes,
    pieces,
    async record() {
      const length = (await bytes(4)).readUInt32BE();
      if (length > MAX_RECORD) throw invalidStream(`The stream has a record of ${length} bytes`);
      return parseRecord(await bytes(length));
    },
    async end() {
      if (await fill()) throw invalidStream("The stream goes on behind its end");
    },
  };
}

function parseRecord(bytes: Buffer): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw invalidStream("The stream has a record that is no JSON", error);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>;
  }
  throw invalidStream("The stream has a record that is no object");
}
