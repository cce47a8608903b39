/** A clock that goes when a test says so. */
import type { Clock } from "../progress/clock.ts";

/** A clock whose time passes by `advance` alone; what is due is called at its time. */
export function manualClock(): Clock & { advance(milliseconds: number): void } {
  let time = 0;
  const timers = new Set<{ due: number; readonly interval: number; readonly call: () => void }>();
  return {
    now: () => time,
    every(interval, call) {
      const timer = { due: time + interval, interval, call };
      timers.add(timer);
      return { [Symbol.dispose]: () => void timers.delete(timer) };
    },
    advance(milliseconds) {
      const end = time + milliseconds;
      for (;;) {
        const [next] = [...timers].filter(({ due }) => due <= end).sort((a, b) => a.due - b.due);
        if (!next) break;
        time = next.due;
        next.due += next.interval;
        next.call();
      }
      time = end;
    },
  };
}
