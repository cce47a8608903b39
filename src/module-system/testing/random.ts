/** What tests of properties share: cases that look random and are the same in every run. */

/** Numbers from 0 up to, not including, a limit. */
export type Random = (limit: number) => number;

/** A generator of numbers from a seed (mulberry32). */
export function randomOf(seed: number): Random {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

/** One of several. */
export function pick<T>(random: Random, choices: readonly T[]): T {
  return choices[random(choices.length)]!;
}

/** The same in another order. */
export function shuffled<T>(random: Random, items: readonly T[]): T[] {
  const order = items.map((item) => ({ item, place: random(1_000_000) }));
  return order.sort((a, b) => a.place - b.place).map(({ item }) => item);
}
