/**
 * Store paths as a stream, version 1.
 *
 *     "microvm-closure 1\n"
 *     for each path, what it needs before it:
 *       record   { path, info, attributes, signatures }
 *       for each entry of its tree, in the order of a walk with sorted names, the top first:
 *         record { type: "directory" | "file" | "link" | "whiteout", path, mode, uid, gid, size?, target? }
 *         a file's content: `size` bytes
 *       record   { end: NAME }
 *     record     { done: COUNT, roots: [NAMES] }
 *
 * A record is its length in bytes, 32 bits, highest byte first, and so many bytes of JSON in UTF-8.
 */
import { MicrovmError } from "../errors.ts";
import type { TreeAttributes } from "../os/attributes.ts";
import type { InfoRecord } from "./info.ts";
import { canonicalJson, type Json } from "./json.ts";
import type { Signature } from "./signing-keys.ts";

/** The first bytes of a stream. */
export const MAGIC = "microvm-closure 1\n";

/** Most bytes of a record. A path's holds the recipe, with the texts that a configuration generates. */
export const MAX_RECORD = 16 << 20;

/** Begins a path. */
export interface PathRecord {
  readonly path: string;
  readonly info: InfoRecord;
  /** Extended attributes by path and name, values in hexadecimal. */
  readonly attributes: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly signatures: readonly Signature[];
}

/** One entry of a tree. `path` is relative to it, empty for the top. */
export type EntryRecord = {
  readonly path: string;
  /** Permission bits, set-user-id and the like. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
} & (
  | { readonly type: "directory" | "whiteout" }
  | { readonly type: "file"; readonly size: number }
  | { readonly type: "link"; readonly target: string }
);

/** A record as bytes. One that is too long is an error (`unsupported`). */
export function encodeRecord(record: object): Buffer {
  const json = Buffer.from(JSON.stringify(record));
  if (json.length > MAX_RECORD) {
    throw new MicrovmError("unsupported", `A record of ${json.length} bytes is too long for a stream`);
  }
  const length = Buffer.alloc(4);
  length.writeUInt32BE(json.length);
  return Buffer.concat([length, json]);
}

/**
 * What a signature of a path is made of: its name, recipe, references, size, digest and attributes. The digest holds
 * everything else of the tree. When the path was built does not count.
 */
export function signedText({ path, info, attributes }: Omit<PathRecord, "signatures">): string {
  const { time: _, ...lasting } = info;
  return canonicalJson({ type: "microvm-store-path", path, info: lasting, attributes } as unknown as Json);
}

/** Attributes as they stand in a record. */
export function attributesRecord(attributes: TreeAttributes): PathRecord["attributes"] {
  return Object.fromEntries(attributes);
}
