/**
 * The compact form of an index: tables of numbers and two heaps of strings, in one file that is opened by
 * reading it. Everything is found by number; nothing is parsed. In the order of the file:
 *
 * - a header: `MAGIC`, `FORMAT`, CRC-32 of all that follows, then each section's length in bytes;
 * - the sections of `SECTIONS`, each padded to a multiple of four bytes.
 *
 * Numbers are 32 bits, in this machine's byte order: the file is a cache, and is never carried elsewhere.
 */
import { crc32 } from "node:zlib";

/** Each section and what it is made of. */
const SECTIONS = {
  /** Names of packages and virtual packages, one after the other, in the order of their first mention. */
  names: "bytes",
  /** By name: where it ends in `names`. */
  nameEnds: "words",
  /** A hash table with open addressing: the number of a name plus one, or zero. */
  slots: "words",
  /** By name, and one more: where its versions begin in `versionIds`. */
  versionStarts: "words",
  /** Versions of each name, the highest first. */
  versionIds: "words",
  /** By name, and one more: where its providers begin in `providerIds`. */
  providerStarts: "words",
  /** Versions that provide each name, in the archive's order. */
  providerIds: "words",
  /** `VERSION_WORDS` for each version: see `VersionWord`. */
  versions: "words",
  /** Of each version's file, 32 bytes. */
  digests: "bytes",
  /** Relations of each version: see `index-builder.ts`. */
  lists: "words",
  /** `RELATION_WORDS` for each different relation: target name, operator, text of the bound. */
  relations: "words",
  /** Sources that have a version: their count, then their positions. */
  sourceSets: "words",
  /** Versions, architectures and paths, one after the other. */
  texts: "bytes",
  /** By text: where it ends in `texts`. */
  textEnds: "words",
} as const;

type SectionName = keyof typeof SECTIONS;

/** The tables by name. */
export type IndexTables = {
  readonly [name in SectionName]: (typeof SECTIONS)[name] extends "words" ? Uint32Array : Uint8Array;
};

/** Words of one version in `versions`. */
export const VERSION_WORDS = 9;

/** Places of a version's words. */
export const VersionWord = {
  name: 0,
  version: 1,
  architecture: 2,
  flags: 3,
  size: 4,
  installedSize: 5,
  file: 6,
  sources: 7,
  list: 8,
} as const;

/** Words of one relation in `relations`. */
export const RELATION_WORDS = 3;

/** Bits of `VersionWord.flags`; the priority's and the Multi-Arch field's number stand above them. */
export const VersionFlag = { essential: 1, important: 2, priorityShift: 2, multiArchShift: 5 } as const;

/** Values of `Priority` in Debian policy's order; a version without one comes before all, as apt has it. */
export const PRIORITIES = ["", "required", "important", "standard", "optional", "extra"] as const;

/** Values of `Multi-Arch`. */
export const MULTI_ARCH = ["no", "same", "foreign", "allowed"] as const;

/** Fields of relations in the order in which a version's list has them, which is that in which apt reads them. */
export const RELATION_FIELDS = [
  "preDepends",
  "depends",
  "conflicts",
  "breaks",
  "recommends",
  "suggests",
  "provides",
] as const;

/** In a list: the next relation is an alternative to this one. */
export const OR = 0x8000_0000;

/** Operators of relations by number; 0: any version. */
export const OPERATORS = [undefined, "<<", "<=", "=", ">=", ">>"] as const;

const MAGIC = 0x6d76_6978;

/** Changes whenever the meaning of a table does, so that an older program's file is not read. */
export const FORMAT = 1;

const NAMES = Object.keys(SECTIONS) as SectionName[];

/** Magic, format, checksum, then a length for each section. */
const HEADER_WORDS = 3 + NAMES.length;

/** The file's content. */
export function serializeTables(tables: IndexTables): Buffer {
  const sections = NAMES.map((name) => tables[name]);
  const size = sections.reduce((sum, section) => sum + padded(section.byteLength), HEADER_WORDS * 4);
  const file = Buffer.alloc(size);
  const header = new Uint32Array(file.buffer, file.byteOffset, HEADER_WORDS);
  let at = HEADER_WORDS * 4;
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

/** The tables of a file; undefined when it is damaged, cut short or of another format. */
export function deserializeTables(content: Buffer): IndexTables | undefined {
  // Small files may be read into the middle of a shared buffer, where words cannot be.
  const file = content.byteOffset % 4 === 0 ? content : Buffer.from(new Uint8Array(content).buffer);
  if (file.length < HEADER_WORDS * 4) return undefined;
  const header = new Uint32Array(file.buffer, file.byteOffset, HEADER_WORDS);
  if (header[0] !== MAGIC || header[1] !== FORMAT || header[2] !== checksum(file)) return undefined;
  const tables: Record<string, Uint32Array | Uint8Array> = {};
  let at = HEADER_WORDS * 4;
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

/** Over the lengths and the sections: all but the three words before them. */
function checksum(file: Buffer): number {
  return crc32(file.subarray(12));
}

function padded(length: number): number {
  return (length + 3) & ~3;
}
