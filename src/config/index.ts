/** Finding and evaluating projects. */
export {
  type EvaluateProjectOptions,
  evaluateProject,
  evaluateProjectHost,
  evaluateProjectVms,
  evaluateWholeProject,
  traceProjectOption,
} from "./evaluate-project.ts";
export { findProjectFile, type ProjectLocation } from "./find-project.ts";
export type { EvaluatedVm, TracedOption } from "./protocol.ts";
