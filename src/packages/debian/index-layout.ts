/** How the tables of a index are arranged, so that what belongs together is found by one look. */
import type { Words } from "./growing.ts";

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
