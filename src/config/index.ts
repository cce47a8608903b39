/** Finding and evaluating projects. */
export { evaluateProject } from "./evaluate-project.ts";
export { findProjectFile, type ProjectLocation } from "./find-project.ts";
export type { EvaluatedVm } from "./protocol.ts";
