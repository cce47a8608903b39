/** How the tables of a compact index are arranged, so that what belongs together is found by one look. */
import type { Words } from "./growing.ts";
import { compareVersions } from "./version.ts";

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
