/** Streams of store paths taken apart, so that tests can change them. */
import { buffer } from "node:stream/consumers";
import { type ExportOptions, exportClosure } from "../export.ts";
import type { Store } from "../store.ts";
import { encodeRecord, MAGIC } from "../stream-format.ts";

/** A record, or a file's content. */
export type Item = Record<string, unknown> | Buffer;

/** The whole stream of a path. */
export async function exported(store: Store, name: string, options: ExportOptions = {}): Promise<Buffer> {
  return await buffer(exportClosure(store, [name], options));
}

/** The parts of a good stream behind its magic. */
export function takeApart(stream: Buffer): Item[] {
  const items: Item[] = [];
  for (let at = MAGIC.length; at < stream.length; ) {
    const length = stream.readUInt32BE(at);
    const record = JSON.parse(stream.subarray(at + 4, at + 4 + length).toString());
    at += 4 + length;
    items.push(record);
    if (record.type !== "file") continue;
    items.push(stream.subarray(at, at + record.size));
    at += record.size;
  }
  return items;
}

/** The stream of these parts. */
export function putTogether(items: readonly Item[]): Buffer {
  return Buffer.concat([
    Buffer.from(MAGIC),
    ...items.map((item) => (Buffer.isBuffer(item) ? item : encodeRecord(item))),
  ]);
}

/** A source that gives a stream in pieces of so many bytes. */
export async function* inPieces(stream: Buffer, size = 1000): AsyncGenerator<Buffer> {
  for (let at = 0; at < stream.length; at += size) yield stream.subarray(at, at + size);
}
