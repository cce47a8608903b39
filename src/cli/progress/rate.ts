/** Milliseconds that the rate looks back: long enough to be steady, short enough to follow a mirror. */
const WINDOW = 5000;

/** Less than this tells nothing yet, and samples nearer than a tenth of it are one. */
const SHORTEST = 500;

/** A rate over a sliding window. All times are milliseconds of one clock, and never go back. */
export interface Rate {
  /** Tells the sum so far. */
  add(now: number, sum: number): void;
  /** Per second, over the last seconds up to now; undefined while too little is known. */
  perSecond(now: number): number | undefined;
}

/** A rate of which nothing is known yet. */
export function slidingRate(): Rate {
  const samples: { time: number; sum: number }[] = [];
  return {
    add(now, sum) {
      const before = samples.at(-2);
      if (before && now - before.time < SHORTEST / 10) samples.pop();
      samples.push({ time: now, sum });
      forget(samples, now);
    },
    perSecond(now) {
      forget(samples, now);
      const [first] = samples;
      if (!first || now - first.time < SHORTEST) return undefined;
      return ((samples.at(-1)!.sum - first.sum) / (now - first.time)) * 1000;
    },
  };
}

/** Drops what lies before the window, but for the last sample there: with it the whole window is known. */
function forget(samples: { time: number }[], now: number): void {
  const start = now - WINDOW;
  const inside = samples.findIndex(({ time }) => time > start);
  samples.splice(0, (inside === -1 ? samples.length : inside) - 1);
}
