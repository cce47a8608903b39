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
