/** Finding, fetching and evaluating projects. */
export {
  type EvaluateProjectOptions,
  evaluateProject,
  evaluateProjectHost,
  evaluateProjectVms,
  evaluateWholeProject,
  traceProjectOption,
} from "./evaluate-project.ts";
export { findProject, type PinnedReference, type ProjectLocation } from "./find-project.ts";
export type { EvaluatedProject, EvaluatedVm, TracedOption } from "./protocol.ts";
export { formatReference, parseReference, withoutName } from "./references/reference.ts";
export { checkReference, resolveReference } from "./references/resolve.ts";
export type { ResolveOptions } from "./references/resolve-options.ts";
