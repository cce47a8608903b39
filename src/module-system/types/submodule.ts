import { isAttributes } from "../attributes.ts";
import type { Definition } from "../definitions.ts";
import { optionsOf } from "../evaluated-options.ts";
import { configOf } from "../evaluation.ts";
import type { InferConfig, InferDefinitions } from "../infer.ts";
import { isLocated, withFile } from "../located.ts";
import type { Location } from "../location.ts";
import type { Collected, StartedEvaluation } from "../nodes.ts";
import { startEvaluation } from "../start.ts";
import { schemaOf, validateSet } from "../validate.ts";
import {
  type AnyType,
  type EvaluationContext,
  makeType,
  type OptionType,
  type ResolvedDefinition,
} from "./type.ts";

/** A module whose options are known to the type checker. */
type TypedModule<O> = TypedBody<O> | ((args: never) => TypedBody<O>);
type TypedBody<O> = { readonly options: O; readonly [key: string]: unknown };

/** Stands for the file of the modules that a submodule type is made of. */
const FILE = "submodule";

/**
 * Attribute sets with options of their own. A definition is an attribute set, which is all `config`, or a
 * module function. Base modules that are no functions are collected once for all values of the type; a
 * `freeformType` in one of them allows names that are not declared.
 */
export function submodule<O>(
  modules: TypedModule<O> | readonly TypedModule<O>[],
): OptionType<InferConfig<O>, InferDefinitions<O>>;
// biome-ignore lint/suspicious/noExplicitAny: the options of several different modules
export function submodule(modules: unknown): OptionType<any, any>;
export function submodule(modules: unknown): AnyType {
  return submoduleOf(Array.isArray(modules) ? modules : [modules]);
}

const baseModules = new WeakMap<object, readonly unknown[]>();

function submoduleOf(base: readonly unknown[]): AnyType {
  let unchanging: Collected | undefined;
  const start = (
    location: Location,
    definitions: readonly ResolvedDefinition[],
    context: EvaluationContext,
  ) => {
    const evaluation = startSubmodule(base, unchanging, location, definitions, context);
    if (evaluation.collected.unchanging && definitions.every(({ value }) => isBody(value))) {
      unchanging = evaluation.collected;
    }
    return evaluation;
  };
  const type: AnyType = makeType({
    name: "submodule",
    description: "submodule",
    empty: { value: {} },
    check: (value) => typeof value === "function" || isAttributes(value),
    merge: (location, definitions, context) => configOf(start(location, definitions, context).root),
    validate: (value, location, report, context) => {
      const { collected } = start(location, [], context);
      validateSet(collected.declared, collected.freeformType, value, location, report, context);
    },
    toJsonSchema: (context) => {
      const { collected } = start(["<name>"], [], context);
      return schemaOf(collected.declared, collected.freeformType, context);
    },
    nestedOptions: (location, context) => ({
      location,
      declared: start(location, [], context).collected.declared,
    }),
    combine: (other) => {
      if (other === type) return type;
      const others = baseModules.get(other);
      return others && submoduleOf([...base, ...others]);
    },
  });
  baseModules.set(type, base);
  return type;
}

/** Whether a definition is all `config`, as opposed to a module. */
function isBody(value: unknown): boolean {
  return typeof value !== "function" && !isLocated(value);
}

function startSubmodule(
  base: readonly unknown[],
  collected: Collected | undefined,
  location: Location,
  definitions: readonly ResolvedDefinition[],
  context: EvaluationContext,
): StartedEvaluation {
  const bodies: Definition[] = [];
  const modules = [...base];
  for (const { value, file } of definitions) {
    if (isBody(value)) bodies.push({ value, file });
    else modules.push(isLocated(value) ? value : withFile(file, value));
  }
  return startEvaluation({
    modules,
    file: FILE,
    location,
    context,
    args: { name: String(location.at(-1) ?? "") },
    definitions: bodies,
    collected: modules.length === base.length ? collected : undefined,
    describeOptions: optionsOf,
  });
}
