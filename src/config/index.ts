/** Finding and evaluating projects. */
export {
  type EvaluateProjectOptions,
  evaluateProject,
  evaluateWholeProject,
  traceProjectOption,
} from "./evaluate-project.ts";
export { findProjectFile, type ProjectLocation } from "./find-project.ts";
export type { EvaluatedVm, TracedOption } from "./protocol.ts";
