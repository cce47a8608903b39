/** Where a value comes from: every definition that was given for an option, and which of them counted. */
import { isDeepStrictEqual } from "node:util";
import type { MicrovmError } from "../errors.ts";
import { type Definition, resolveDefinitions } from "./definitions.ts";
import type { Evaluated } from "./evaluate.ts";
import { combineFaults, whileEvaluating } from "./faults.ts";
import { type Location, showLocation } from "./location.ts";
import type { DeclaredOption } from "./model.ts";
import { findPlace, type OptionPlace } from "./place.ts";
import { plainSet, plainValue } from "./plain.ts";
import { showValue } from "./show.ts";
import { RESULT, type Report } from "./types/type.ts";
import {
  asWrapper,
  DEFAULT_OPTION_PRIORITY,
  isConditional,
  isMerged,
  isOverriding,
  PLAIN_PRIORITY,
} from "./wrappers.ts";

/** One definition of an option. */
export interface TracedDefinition {
  /** File of the module that gives it. */
  readonly file: string;
  /** The smallest one counts. */
  readonly priority: number;
  /** The priority as modules write it: `default`, `mkDefault`, `plain`, `mkForce`, `mkOverride(N)`. */
  readonly strength: string;
  /** The value in a message's words; why there is none when the definition has a fault. */
  readonly shown: string;
  /** The value, when it is plain data. */
  readonly value?: unknown;
  /** False when a condition around it does not hold. */
  readonly holds: boolean;
  /** Whether it is part of the option's value. */
  readonly won: boolean;
}

/** What is known of one option, of a part of its value, or of a set of options. Plain data. */
export interface OptionTrace {
  readonly name: string;
  /** The option that the name is a part of; null for a set of options. */
  readonly option: string | null;
  /** Absent when it has a fault or is no plain data. */
  readonly value?: unknown;
  readonly fault?: { readonly code: string; readonly message: string; readonly hint?: string };
  /** The type of the option in words. */
  readonly type: string;
  readonly description: string;
  /** Files of the modules that declare the option. */
  readonly declarations: readonly string[];
  /** The option's default in words; null when it has none. */
  readonly default: string | null;
  /** The strongest first. Empty for a set of options. */
  readonly definitions: readonly TracedDefinition[];
}

/** Evaluates what a path such as `microvm.mem` names, and nothing beside it. Throws when there is no such option. */
export function traceOption(evaluated: Evaluated, path: string): OptionTrace {
  const place = findPlace(evaluated.root, path);
  const name = showLocation(place.location);
  if (place.kind === "set") {
    const value = attempt(place.location, (report) => plainSet(place.node, report));
    return { name, option: null, ...value, ...ABOUT_SETS };
  }
  const { node, type, location, files } = place;
  const { option } = node.declared;
  return {
    name,
    option: showLocation(node.location),
    ...attempt(location, (report) => {
      const value = place.value();
      return option.type.opaque ? undefined : plainValue(value, location, report);
    }),
    type: type?.description ?? "part of an option",
    description: option.description ?? "",
    declarations: files,
    default: shownDefault(node.declared),
    definitions: tracedDefinitions(place),
  };
}

const ABOUT_SETS = {
  type: "set of options",
  description: "",
  declarations: [],
  default: null,
  definitions: [],
} as const;

/** The value, or its first fault. */
function attempt(
  location: Location,
  evaluate: (report: Report) => unknown,
): Pick<OptionTrace, "value" | "fault"> {
  const faults: MicrovmError[] = [];
  let value: unknown;
  try {
    value = evaluate((fault) => faults.push(fault));
  } catch (error) {
    faults.push(whileEvaluating(location, RESULT, error));
  }
  if (faults.length === 0) return value === undefined ? {} : { value };
  const { code, message, hint } = combineFaults(faults);
  return { fault: { code, message, ...(hint !== undefined && { hint }) } };
}

function shownDefault({ option }: DeclaredOption): string | null {
  if (option.defaultText !== undefined) return option.defaultText;
  if (!Object.hasOwn(option, "default")) return null;
  return typeof option.default === "function" ? "computed" : showValue(option.default);
}

type Candidate = Omit<TracedDefinition, "won" | "strength"> & { readonly isDefault?: true };

function tracedDefinitions(place: OptionPlace): TracedDefinition[] {
  const given = place.definitions.flatMap(leaves).flatMap((leaf) => candidatesOf(place, leaf));
  const candidates = [...given, ...defaultCandidate(place)];
  const best = Math.min(...candidates.filter(({ holds }) => holds).map(({ priority }) => priority));
  return candidates
    .map(({ isDefault, ...candidate }) => ({
      ...candidate,
      strength: isDefault ? "default" : strengthOf(candidate.priority),
      won: candidate.holds && candidate.priority === best,
    }))
    .sort((a, b) => a.priority - b.priority);
}

/** The definitions inside a definition's wrappers, each with what stands around it. */
function leaves(definition: Definition): Definition[] {
  const wrapper = asWrapper(definition.value);
  if (wrapper === undefined || wrapper === "malformed") return [definition];
  if (isMerged(wrapper)) return wrapper.contents.flatMap((value) => leaves({ ...definition, value }));
  const { conditions = [], priority, order } = definition;
  const value = wrapper.content;
  if (isConditional(wrapper)) {
    const { condition } = wrapper;
    const decide = typeof condition === "function" ? condition : () => condition;
    return leaves({ ...definition, value, conditions: [...conditions, decide] });
  }
  if (isOverriding(wrapper)) return leaves({ ...definition, value, priority: priority ?? wrapper.priority });
  const around = wrapper as { readonly order?: number; readonly file?: string };
  const file = around.file ?? definition.file;
  const placed = order ?? around.order;
  return leaves({ ...definition, value, file, ...(placed !== undefined && { order: placed }) });
}

/** What a definition comes to: nothing that holds, one value, or several when a function returns mkMerge. */
function candidatesOf({ location, type, node }: OptionPlace, leaf: Definition): Candidate[] {
  const { file, priority: given = PLAIN_PRIORITY } = leaf;
  try {
    const resolved = resolveDefinitions(location, type ?? node.declared.option.type, [leaf]);
    if (resolved.length === 0) return [{ file, priority: given, holds: false, ...shown(leaf.value) }];
    return resolved.map(({ value, priority = PLAIN_PRIORITY }) => ({
      file,
      priority,
      holds: true,
      ...shown(value),
    }));
  } catch (error) {
    const { message } = whileEvaluating(location, file, error);
    return [{ file, priority: given, holds: true, shown: message }];
  }
}

/** The option's own default, which stands beside the definitions of the whole option only. */
function defaultCandidate({ node, files, isPart }: OptionPlace): Candidate[] {
  const { option } = node.declared;
  if (isPart || !Object.hasOwn(option, "default")) return [];
  const value = typeof option.default === "function" ? undefined : option.default;
  return [
    {
      file: files[0]!,
      priority: DEFAULT_OPTION_PRIORITY,
      holds: true,
      ...shown(value),
      shown: shownDefault(node.declared)!,
      isDefault: true,
    },
  ];
}

/** A value in words, and itself when it is plain data. Nothing in it is called. */
function shown(value: unknown): Pick<TracedDefinition, "shown" | "value"> {
  try {
    const plain: unknown = JSON.parse(JSON.stringify(value));
    if (isDeepStrictEqual(plain, value)) return { shown: showValue(value), value: plain };
  } catch {
    // It is no plain data.
  }
  return { shown: showValue(value) };
}

function strengthOf(priority: number): string {
  if (priority === DEFAULT_OPTION_PRIORITY) return "mkOptionDefault";
  return STRENGTHS[priority] ?? `mkOverride(${priority})`;
}

const STRENGTHS: Readonly<Record<number, string>> = { 50: "mkForce", 100: "plain", 1000: "mkDefault" };
