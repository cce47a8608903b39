/** How often something in a guest is looked at: a look costs the guest time, most of all an emulated one. */
import { setTimeout as delay } from "node:timers/promises";

/** Between two looks, in milliseconds: soon after something happened, then less. */
const SOON = 10;
const SELDOM = 100;

/**
 * The same, in the time that the last look took, when that is more. A guest with a processor of its own answers a look in
 * two milliseconds. An emulated one needs twenty, and was once slowed down by a third while a command printed.
 */
const SOON_LOOKS = 4;
const SELDOM_LOOKS = 20;

/** Never longer than this, in milliseconds: a guest that was busy for once is looked at again. */
const LONGEST = 500;

/** How much longer each pause is than the one before it. */
const GROWTH = 1.4;

/** When something is looked at next. */
export interface Pace {
  /** Waits until then. From its end to the next call is what a look takes. Throws the signal's reason. */
  next(signal: AbortSignal | undefined): Promise<void>;
  /** Something has happened: it is looked at soon. */
  soon(): void;
}

/** What happens until the first look is waited for counts as a look. */
export function newPace(): Pace {
  let looked = Date.now();
  let pause: number | undefined;
  let shortest = SOON;
  let wake = () => {};
  return {
    async next(signal) {
      signal?.throwIfAborted();
      const took = Date.now() - looked;
      shortest = pauseAfter(took, undefined);
      pause = pauseAfter(took, pause);
      const early = Promise.withResolvers<void>();
      wake = early.resolve;
      const waited = new AbortController();
      const stop = () => waited.abort();
      signal?.addEventListener("abort", stop, { once: true });
      const slept = delay(pause, undefined, { signal: waited.signal }).catch(() => {});
      await Promise.race([slept, early.promise]);
      signal?.removeEventListener("abort", stop);
      waited.abort();
      looked = Date.now();
      signal?.throwIfAborted();
    },
    soon() {
      if (pause !== undefined && pause > shortest) wake();
      pause = undefined;
    },
  };
}

/**
 * How long is waited after a look that took so long, when it was so long before that look; undefined when something has
 * happened since. All in milliseconds.
 */
export function pauseAfter(took: number, before: number | undefined): number {
  const shortest = Math.min(Math.max(SOON, SOON_LOOKS * took), LONGEST);
  const longest = Math.min(Math.max(SELDOM, SELDOM_LOOKS * took), LONGEST);
  return Math.min(Math.max((before ?? 0) * GROWTH, shortest), longest);
}
