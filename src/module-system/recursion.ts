import { recursion } from "./faults.ts";
import type { Location } from "./location.ts";

/** Something that is evaluated at most once and must not need itself. */
export interface Frame {
  readonly location: Location;
  active: boolean;
}

/** What is being evaluated now, the outermost first. Evaluation is synchronous, so one stack serves all. */
const frames: Frame[] = [];

/** Evaluates a frame. One that is being evaluated already is a fault that shows the way back to it. */
export function inFrame<T>(frame: Frame, evaluate: () => T): T {
  if (frame.active) {
    const chain = frames.slice(frames.indexOf(frame)).map(({ location }) => location);
    throw recursion([...chain, frame.location]);
  }
  frame.active = true;
  frames.push(frame);
  try {
    return evaluate();
  } finally {
    frames.pop();
    frame.active = false;
  }
}
