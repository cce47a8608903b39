/** Thrown through a chain of options that is longer than the stack; nobody but the outermost frame may keep it. */
export class Unwinding<F> extends Error {
  /** What was to be evaluated next. */
  readonly frame: F;
  /** Evaluates it on its own. */
  readonly resume: () => unknown;
  /** What was being evaluated, the outermost first. */
  readonly frames: readonly F[];

  constructor(frame: F, resume: () => unknown, frames: readonly F[]) {
    super("The chain of options is too long for the stack");
    this.frame = frame;
    this.resume = resume;
    this.frames = frames;
  }
}

let current: Unwinding<unknown> | undefined;

/** Starts to unwind: until `endUnwinding`, whatever a module's own code makes of it does not count. */
export function startUnwinding(unwinding: Unwinding<unknown>): never {
  current = unwinding;
  throw unwinding;
}

/** Throws on what code in between has caught. Called where results of such code would be kept. */
export function passUnwinding(): void {
  if (current) throw current;
}

/** What was unwound to here, if anything was. */
export function endUnwinding(): Unwinding<unknown> | undefined {
  const ended = current;
  current = undefined;
  return ended;
}
