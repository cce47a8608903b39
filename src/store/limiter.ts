/** Lets so many tasks run at once; the others wait in the order in which they came. */
export interface Limiter {
  /** Runs the task in its turn. The place is free again when it ends, or before that, once it calls `leave`. */
  run<T>(task: (leave: () => void) => Promise<T>): Promise<T>;
  /** How many wait for their turn. */
  readonly waiting: number;
}

/**
 * A gate of so many places.
 *
 * @example const one = limiter(1); await Promise.all([one.run(task), one.run(other)]) // one after the other
 */
export function limiter(places: number): Limiter {
  const waiting: (() => void)[] = [];
  let running = 0;
  return {
    get waiting() {
      return waiting.length;
    },
    async run(task) {
      if (running >= places) await new Promise<void>((resolve) => waiting.push(resolve));
      else running += 1;
      let isInside = true;
      const leave = () => {
        if (!isInside) return;
        isInside = false;
        // The place goes straight to the next in line, so that nobody can come in between.
        const next = waiting.shift();
        if (next) next();
        else running -= 1;
      };
      try {
        return await task(leave);
      } finally {
        leave();
      }
    },
  };
}
