/**
 * From the definitions of one option to its value: functions are called, conditions decided, the smallest
 * priority kept, the rest ordered, checked and merged.
 */
import type { MicrovmError } from "../errors.ts";
import { badModule, endless, isOverflow, threw, wrongType } from "./faults.ts";
import { type Location, showLocation } from "./location.ts";
import type { EvaluationContext, OptionType, ResolvedDefinition, ValueType } from "./types/type.ts";
import { passUnwinding } from "./unwinding.ts";
import {
  asWrapper,
  isConditional,
  isForwarded,
  isMerged,
  isOverriding,
  mkIf,
  mkOrder,
  mkOverride,
  PLAIN_ORDER,
  PLAIN_PRIORITY,
} from "./wrappers.ts";

/** A value that some module gives, with the wrappers that stood around it. */
export interface Definition {
  readonly file: string;
  readonly value: unknown;
  /** Conditions that are not decided yet, the outermost first. */
  readonly conditions?: readonly (() => unknown)[];
  readonly priority?: number;
  readonly order?: number;
}

/** A definition whose conditions hold. Its value may still be a function when its priority is known without. */
type Candidate = Omit<Definition, "conditions">;

/** More functions that return functions than this are taken for endless. */
const DEEPEST_FUNCTIONS = 100;

/** Whether a definition is a function to call for the value. Those with parameters are values. */
export function isThunk(value: unknown): value is () => unknown {
  return typeof value === "function" && value.length === 0;
}

/** The merged value of definitions, or undefined when none counts. */
export function mergeDefinitions<T>(
  location: Location,
  type: ValueType<T>,
  definitions: readonly Definition[],
  context: EvaluationContext,
): { readonly value: T } | undefined {
  const resolved = resolveDefinitions(location, type, definitions);
  return resolved.length === 0 ? undefined : { value: mergeResolved(location, type, resolved, context) };
}

/** Checks definitions against their type and merges them. */
export function mergeResolved<T>(
  location: Location,
  type: ValueType<T>,
  resolved: readonly ResolvedDefinition[],
  context: EvaluationContext,
): T {
  const wrong = resolved.filter(({ value }) => !type.check(value));
  if (wrong.length > 0) throw type.explain?.(location, wrong) ?? wrongType(location, type.description, wrong);
  return type.merge(location, resolved, context);
}

/** The definitions that count, in order. */
export function resolveDefinitions(
  location: Location,
  type: Pick<OptionType, "keepsFunctions">,
  definitions: readonly Definition[],
): ResolvedDefinition[] {
  const candidates: Candidate[] = [];
  for (const definition of definitions) expand(location, type, definition, candidates);
  if (candidates.length === 1 && typeof candidates[0]!.value !== "function") return candidates;
  let open = candidates;
  while (open.length > 0) {
    const best = Math.min(...open.map(priorityOf));
    const finished: Candidate[] = [];
    for (const candidate of open) {
      if (priorityOf(candidate) === best) finish(location, type, candidate, finished);
    }
    if (finished.length > 0) return inOrder(finished);
    open = open.filter((candidate) => priorityOf(candidate) !== best);
  }
  return [];
}

/** Takes wrappers off, and calls functions as far as is needed to know a definition's priority. */
function expand(
  location: Location,
  type: Pick<OptionType, "keepsFunctions">,
  definition: Definition,
  candidates: Candidate[],
): void {
  if (
    definition.conditions &&
    !definition.conditions.every((condition) => holds(location, definition.file, condition))
  ) {
    return;
  }
  let { file, value, priority, order } = definition;
  for (let calls = 0; ; ) {
    if (isThunk(value) && !type.keepsFunctions) {
      if (priority !== undefined) break;
      if (++calls > DEEPEST_FUNCTIONS) throw endless(location, definition.file);
      value = callThunk(location, file, value);
      continue;
    }
    const wrapper = asWrapper(value);
    if (wrapper === undefined) break;
    if (wrapper === "malformed") throw malformed(location, file);
    if (isMerged(wrapper)) {
      for (const content of wrapper.contents) {
        expand(location, type, { file, value: content, ...known(priority, order) }, candidates);
      }
      return;
    }
    if (isConditional(wrapper)) {
      if (!holds(location, file, wrapper.condition)) return;
    } else if (isOverriding(wrapper)) priority ??= wrapper.priority;
    else if (isForwarded(wrapper)) file = wrapper.file;
    else order ??= wrapper.order;
    value = wrapper.content;
  }
  const isBare = value === definition.value && !definition.conditions;
  candidates.push(isBare ? definition : { file, value, ...known(priority, order) });
}

/** Calls the function that a candidate of the winning priority may still be. */
function finish(
  location: Location,
  type: Pick<OptionType, "keepsFunctions">,
  candidate: Candidate,
  finished: Candidate[],
): void {
  let current = [candidate];
  for (let calls = 0; current.some(({ value }) => isThunk(value)) && !type.keepsFunctions; ) {
    if (++calls > DEEPEST_FUNCTIONS) throw endless(location, candidate.file);
    const next: Candidate[] = [];
    for (const each of current) {
      const value = isThunk(each.value) ? callThunk(location, each.file, each.value) : each.value;
      expand(location, type, { ...each, value }, next);
    }
    current = next;
  }
  finished.push(...current);
}

const NOTHING = {};

function known(priority: number | undefined, order: number | undefined) {
  if (priority === undefined && order === undefined) return NOTHING;
  return { ...(priority !== undefined && { priority }), ...(order !== undefined && { order }) };
}

function priorityOf(candidate: Candidate): number {
  return candidate.priority ?? PLAIN_PRIORITY;
}

function inOrder(candidates: Candidate[]): ResolvedDefinition[] {
  if (candidates.every(({ order }) => order === undefined)) return candidates;
  return candidates.toSorted((a, b) => (a.order ?? PLAIN_ORDER) - (b.order ?? PLAIN_ORDER));
}

/** Decides a condition, which must be a boolean or a function that returns one. */
export function holds(location: Location, file: string, condition: unknown): boolean {
  let result = condition;
  if (typeof condition === "function") {
    try {
      result = condition();
      passUnwinding();
    } catch (error) {
      if (isOverflow(error)) throw error;
      throw threw(`The condition of "${showLocation(location)}"`, file, error);
    }
  }
  if (typeof result === "boolean") return result;
  throw wrongType([...location, "mkIf"], "boolean", [{ value: result, file }]);
}

/** Calls a definition that is a function. */
export function callThunk(location: Location, file: string, thunk: () => unknown): unknown {
  let value: unknown;
  try {
    value = thunk();
    passUnwinding();
  } catch (error) {
    if (isOverflow(error)) throw error;
    throw threw(`The definition of "${showLocation(location)}"`, file, error);
  }
  if (value instanceof Promise) {
    value.catch(() => {});
    throw badModule(
      `The definition of "${showLocation(location)}" in "${file}" returned a promise`,
      "Definitions are evaluated at once; remove the async",
    );
  }
  return value;
}

/** Puts what stood around a definition back around its value. */
export function rewrap({ value, conditions, priority, order }: Definition): unknown {
  let wrapped = value;
  if (order !== undefined) wrapped = mkOrder(order, wrapped);
  if (priority !== undefined) wrapped = mkOverride(priority, wrapped);
  for (const condition of conditions?.toReversed() ?? []) {
    wrapped = mkIf(condition as () => boolean, wrapped);
  }
  return wrapped;
}

/** A wrapper's tag on something that is none. */
export function malformed(location: Location, file: string): MicrovmError {
  return badModule(
    `The definition of "${showLocation(location)}" in "${file}" is a malformed mkIf, mkMerge, mkOverride or mkOrder`,
  );
}
