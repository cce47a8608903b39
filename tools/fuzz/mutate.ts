/** Mutations: from an input that a parser may know to one that it may not. */
import { pick, type Random } from "../../src/module-system/testing/random.ts";

/** Bytes of an input, at most: parsers meet larger ones in tests of their own. */
const MAX_INPUT = 64 * 1024;

/** Bytes at which parsers tend to break. */
const EDGES = [0, 1, 9, 10, 13, 31, 32, 48, 57, 58, 127, 128, 0xc3, 0xff];

type Mutation = (input: Buffer, random: Random, words: readonly string[]) => Buffer;

const splice = (input: Buffer, at: number, removed: number, added: Uint8Array): Buffer =>
  Buffer.concat([input.subarray(0, at), added, input.subarray(Math.min(input.length, at + removed))]);

/** A stretch of the input: where, and how long. */
function stretch(input: Buffer, random: Random): { at: number; length: number } {
  const at = random(input.length + 1);
  return { at, length: random(Math.min(input.length - at, 1 << random(11)) + 1) };
}

const MUTATIONS: readonly Mutation[] = [
  (input, random) => splice(input, random(input.length + 1), 1, Buffer.from([random(256)])),
  (input, random) => splice(input, random(input.length + 1), 1, Buffer.from([pick(random, EDGES)])),
  (input, random) => {
    const changed = Buffer.from(input);
    if (input.length > 0) changed[random(input.length)]! ^= 1 << random(8);
    return changed;
  },
  (input, random, words) =>
    splice(
      input,
      random(input.length + 1),
      random(2) * random(16),
      Buffer.from(pick(random, words), "latin1"),
    ),
  (input, random) => {
    const { at, length } = stretch(input, random);
    return splice(input, at, length, Buffer.alloc(0));
  },
  (input, random) => {
    const { at, length } = stretch(input, random);
    return splice(input, random(input.length + 1), 0, input.subarray(at, at + length));
  },
  (input, random) => {
    const { at, length } = stretch(input, random);
    const repeated = input.subarray(at, at + length + 1);
    return splice(input, at, 0, repeated.length === 0 ? repeated : Buffer.alloc(random(2000), repeated));
  },
  (input, random) => input.subarray(0, random(input.length + 1)),
];

/** One to four mutations of an input; `words` mean something to its parser, `other` is another input of it. */
export function mutate(input: Buffer, other: Buffer, words: readonly string[], random: Random): Buffer {
  let result = input;
  if (random(8) === 0) {
    const { at, length } = stretch(other, random);
    result = splice(input, random(input.length + 1), random(2) * length, other.subarray(at, at + length));
  }
  for (let count = 1 + random(4); count > 0; count--) result = pick(random, MUTATIONS)(result, random, words);
  return result.subarray(0, MAX_INPUT);
}
