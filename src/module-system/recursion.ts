import type { MicrovmError } from "../errors.ts";
import { recursion } from "./faults.ts";
import type { Location } from "./location.ts";
import { endUnwinding, passUnwinding, startUnwinding, Unwinding } from "./unwinding.ts";

/** Something that is evaluated at most once and must not need itself. */
export interface Frame {
  readonly location: Location;
  /** What makes its value; where there is none, its declaration does. */
  readonly definitions: readonly { readonly file: string }[];
  readonly declared?: object;
  active: boolean;
}

/**
 * Frames within each other, at most, before the innermost is evaluated on its own: each takes about a
 * kilobyte of a stack that has about a thousand.
 */
const DEEPEST = 250;

/** Thrown through a chain of options that is longer than the stack, up to the outermost frame. */
type TooDeep = Unwinding<Frame>;

/** What is being evaluated now, the outermost first. Evaluation is synchronous, so one stack serves all. */
const frames: Frame[] = [];

/** Whether far ends of chains are being evaluated; what they need first is then not theirs to evaluate. */
let isResuming = false;

/**
 * Evaluates a frame. One that is being evaluated already is a fault that shows the way back to it. `resume`
 * evaluates the frame on its own and keeps its result or fault; with it, chains may have any length.
 */
export function inFrame<F extends Frame, T>(
  frame: F,
  evaluate: (frame: F) => T,
  resume?: (frame: F) => unknown,
): T {
  if (frame.active) {
    throw recursionOf([...frames.slice(frames.indexOf(frame)), frame]);
  }
  if (frames.length === 0 && !isResuming) return outermost(frame, evaluate);
  if (resume && frames.length >= DEEPEST) {
    startUnwinding(new Unwinding<Frame>(frame, () => resume(frame), [...frames]));
  }
  return run(frame, evaluate);
}

function run<F extends Frame, T>(frame: F, evaluate: (frame: F) => T): T {
  frame.active = true;
  frames.push(frame);
  try {
    const value = evaluate(frame);
    passUnwinding();
    return value;
  } catch (error) {
    passUnwinding();
    throw error;
  } finally {
    frames.pop();
    frame.active = false;
  }
}

/** Whenever the frame turns out to need a chain that is too long, the far end of the chain comes first. */
function outermost<F extends Frame, T>(frame: F, evaluate: (frame: F) => T): T {
  for (;;) {
    try {
      return run(frame, evaluate);
    } catch (error) {
      const deep = endUnwinding();
      if (!deep) throw error;
      evaluateFirst(deep as TooDeep);
    }
  }
}

function evaluateFirst(first: TooDeep): void {
  const pending = [first];
  const waiting = new Set([first.frame]);
  while (pending.length > 0) {
    const last = pending.at(-1)!;
    const deep = resumed(last);
    if (!deep) {
      pending.pop();
      waiting.delete(last.frame);
      continue;
    }
    pending.push(deep);
    if (waiting.has(deep.frame)) throw recursionOf(cycleOf(pending));
    waiting.add(deep.frame);
  }
}

/** Evaluates a frame on its own; what it needs first, or nothing when it is done. */
function resumed({ resume }: TooDeep): TooDeep | undefined {
  isResuming = true;
  try {
    resume();
  } catch (error) {
    if (!(error instanceof Unwinding)) return undefined;
  } finally {
    isResuming = false;
  }
  return endUnwinding() as TooDeep | undefined;
}

/** The way from a frame back to itself, through all that was unwound. */
function cycleOf(pending: readonly TooDeep[]): readonly Frame[] {
  const way = pending.flatMap(({ frames }) => frames);
  const last = pending.at(-1)!.frame;
  const start = way.indexOf(last);
  const again = way.indexOf(last, start + 1);
  return [...way.slice(start, again < 0 ? undefined : again), last];
}

function recursionOf(cycle: readonly Frame[]): MicrovmError {
  const files = cycle.flatMap(({ definitions, declared }) => {
    if (definitions.length > 0) return definitions.map(({ file }) => file);
    return declared && "files" in declared ? (declared.files as readonly string[]) : [];
  });
  return recursion(
    cycle.map(({ location }) => location),
    [...new Set(files)],
  );
}
