/** Time, as the reporters see it; tests have one of their own. */
export interface Clock {
  /** Milliseconds since some instant. */
  now(): number;
  /** Calls again and again, every so many milliseconds, until it is disposed of. */
  every(milliseconds: number, call: () => void): Disposable;
}

/** The machine's clock. It keeps no process alive. */
export const systemClock: Clock = {
  // Node loads "performance" when it is first used, which is before anything else can begin.
  now: () => Number(process.hrtime.bigint()) / 1e6,
  every(milliseconds, call) {
    const timer = setInterval(call, milliseconds).unref();
    return { [Symbol.dispose]: () => clearInterval(timer) };
  },
};
