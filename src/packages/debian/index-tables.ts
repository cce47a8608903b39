/**
 * What is known of the texts of an index without parsing them: which names there are, where their stanzas are, and what
 * provides them. Tables of numbers and a heap of strings. In the order in which they are written:
 *
 * - a header: `MAGIC`, `FORMAT`, CRC-32 of all that follows, then each section's length in bytes;
 * - the sections of `SECTIONS`, each padded to a multiple of four bytes.
 *
 * Numbers are 32 bits, in this machine's byte order: the file is a cache, and is never carried elsewhere.
 */
import { crc32 } from "node:zlib";

/** Each section and what it is made of. */
const SECTIONS = {
  /** Names of packages and of what they provide, one after the other. */
  names: "bytes",
  /** By name: where it ends in `names`. */
  nameEnds: "words",
  /** A hash table with open addressing: the number of a name plus one, or zero. */
  slots: "words",
  /** By name, and one more: where its stanzas begin in `stanzaIds`. */
  stanzaStarts: "words",
  /** Stanzas of each name, in the archive's order. */
  stanzaIds: "words",
  /** By name, and one more: where its providers begin in `providerIds`. */
  providerStarts: "words",
  /** Stanzas that provide each name, in the archive's order. */
  providerIds: "words",
  /** `STANZA_WORDS` for each stanza: see `StanzaWord`. */
  stanzas: "words",
  /** Stanzas that say that they are essential. */
  essential: "words",
  /** Length of each source's text in bytes. */
  textLengths: "words",
} as const;

type SectionName = keyof typeof SECTIONS;

/** The tables by name. */
export type IndexTables = {
  readonly [name in SectionName]: (typeof SECTIONS)[name] extends "words" ? Uint32Array : Uint8Array;
};

/** Words of one stanza in `stanzas`. */
export const STANZA_WORDS = 5;

/** Places of a stanza's words. */
export const StanzaWord = {
  name: 0,
  /** In all texts one after the other, in bytes. */
  start: 1,
  length: 2,
  /** CRC-32. */
  checksum: 3,
  source: 4,
} as const;

const MAGIC = 0x6d76_6978;

/** Changes whenever the meaning of a table does, so that an older program's file is not read. */
export const FORMAT = 2;

const NAMES = Object.keys(SECTIONS) as SectionName[];

/** Magic, format, checksum, then a length for each section. */
const HEADER_WORDS = 3 + NAMES.length;

/** Bytes of the header, which tells how long the tables are. */
export const HEADER_LENGTH = HEADER_WORDS * 4;

/** The tables as bytes. */
export function serializeTables(tables: IndexTables): Buffer {
  const sections = NAMES.map((name) => tables[name]);
  const size = sections.reduce((sum, section) => sum + padded(section.byteLength), HEADER_LENGTH);
  const file = Buffer.alloc(size);
  const header = new Uint32Array(file.buffer, file.byteOffset, HEADER_WORDS);
  let at = HEADER_LENGTH;
  for (const [index, section] of sections.entries()) {
    header[3 + index] = section.byteLength;
    file.set(new Uint8Array(section.buffer, section.byteOffset, section.byteLength), at);
    at += padded(section.byteLength);
  }
  header[0] = MAGIC;
  header[1] = FORMAT;
  header[2] = checksum(file);
  return file;
}

/** How long the tables with this header are, in bytes; undefined when it is none of this format. */
export function tablesLength(header: Buffer): number | undefined {
  if (header.length < HEADER_LENGTH) return undefined;
  const word = (at: number) =>
    new DataView(header.buffer, header.byteOffset).getUint32(at * 4, isLittleEndian);
  if (word(0) !== MAGIC || word(1) !== FORMAT) return undefined;
  return NAMES.reduce((sum, _, index) => sum + padded(word(3 + index)), HEADER_LENGTH);
}

/** The tables of these bytes, of the length that the header tells; undefined when they are damaged. */
export function deserializeTables(file: Buffer): IndexTables | undefined {
  const header = new Uint32Array(file.buffer, file.byteOffset, HEADER_WORDS);
  if (header[2] !== checksum(file)) return undefined;
  const tables: Record<string, Uint32Array | Uint8Array> = {};
  let at = HEADER_LENGTH;
  for (const [index, name] of NAMES.entries()) {
    const length = header[3 + index]!;
    tables[name] =
      SECTIONS[name] === "words"
        ? new Uint32Array(file.buffer, file.byteOffset + at, length / 4)
        : new Uint8Array(file.buffer, file.byteOffset + at, length);
    at += padded(length);
  }
  return tables as IndexTables;
}

/** The number that a name's place in `slots` begins with: FNV-1a over its characters. */
export function hashOf(text: string, start = 0, end = text.length): number {
  let hash = 0x811c_9dc5;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x0100_0193);
  return hash >>> 0;
}

const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** Over the lengths and the sections: all but the three words before them. */
function checksum(file: Buffer): number {
  return crc32(file.subarray(12));
}

function padded(length: number): number {
  return (length + 3) & ~3;
}
