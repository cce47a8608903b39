/** How the tables of a compact index are arranged, so that what belongs together is found by one look. */
import { MicrovmError } from "../../errors.ts";
import type { Words } from "./growing.ts";
import { hashOf } from "./index-tables.ts";
import { compareVersions } from "./version.ts";

/** Looks that a name may take in the hash table. Names that nobody chose to collide take a few dozen at most. */
const MAX_STEPS = 500;

/** The error of an index that is beyond all measure. */
export function tooMuch(what: string): MicrovmError {
  return new MicrovmError("index-invalid", `The index of packages has ${what}`, {
    hint: "Use another mirror",
  });
}

/** Pairs of a key and a value as a table: by key where its values begin, and the values in their order. */
export function grouped(pairs: Words, keys: number): { starts: Uint32Array; values: Uint32Array } {
  const starts = new Uint32Array(keys + 1);
  for (let at = 0; at < pairs.length; at += 2) starts[pairs.at(at) + 1]!++;
  for (let key = 0; key < keys; key++) starts[key + 1]! += starts[key]!;
  const next = starts.slice();
  const values = new Uint32Array(pairs.length / 2);
  for (let at = 0; at < pairs.length; at += 2) values[next[pairs.at(at)]!++] = pairs.at(at + 1);
  return { starts, values };
}

/** The slots of a hash table of names with their numbers: at most half full, so that a look takes one or two steps. */
export function hashTable(names: Iterable<[string, number]>, count: number): Uint32Array {
  let size = 16;
  while (size < count * 2) size *= 2;
  const slots = new Uint32Array(size);
  for (const [name, id] of names) {
    let slot = hashOf(name) & (size - 1);
    for (let step = 0; slots[slot] !== 0; step++) {
      if (step > MAX_STEPS) throw tooMuch("names that are made to collide");
      slot = (slot + 1) & (size - 1);
    }
    slots[slot] = id + 1;
  }
  return slots;
}

/** Sorts the versions of each name, the highest first; equal ones stay in the sources' order. */
export function sortVersions(starts: Uint32Array, ids: Uint32Array, versionOf: (id: number) => string): void {
  for (let name = 0; name + 1 < starts.length; name++) {
    const [start, end] = [starts[name]!, starts[name + 1]!];
    if (end - start < 2) continue;
    const sorted = Array.from(ids.subarray(start, end), (id) => ({ id, version: versionOf(id) }));
    sorted.sort((a, b) => compareVersions(b.version, a.version));
    ids.set(
      sorted.map(({ id }) => id),
      start,
    );
  }
}
