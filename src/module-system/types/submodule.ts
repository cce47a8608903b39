import { isAttributes } from "../attributes.ts";
import { SUBMODULE } from "../declaring-files.ts";
import type { Definition } from "../definitions.ts";
import { optionsOf } from "../evaluated-options.ts";
import { configOf } from "../evaluation.ts";
import type { InferDefinitions, SubmoduleConfig, WholeSubmodule } from "../infer.ts";
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

/**
 * Attribute sets with options of their own. A definition is an attribute set, which is all `config`, or a
 * module function. Base modules that are no functions are collected once for all values of the type; a
 * `freeformType` in one of them allows names that are not declared.
 */
export function submodule<O>(
  modules: TypedModule<O> | readonly TypedModule<O>[],
): OptionType<SubmoduleConfig<O>, InferDefinitions<O>>;
// biome-ignore lint/suspicious/noExplicitAny: the options of several different modules
export function submodule(modules: unknown): OptionType<any, any>;
export function submodule(modules: unknown): AnyType {
  return makeSubmodule({
    modules: Array.isArray(modules) ? modules : [modules],
    specialArgs: {},
    shorthandOnlyDefinesConfig: true,
    class: undefined,
    description: "submodule",
  });
}

/** What a submodule type is made of. */
interface SubmoduleOptions {
  readonly modules: readonly unknown[];
  /** More arguments for the submodule's module functions. */
  readonly specialArgs: Readonly<Record<string, unknown>>;
  /** Whether a definition that is an attribute set is all `config`; otherwise it is a module of any shape. */
  readonly shorthandOnlyDefinesConfig: boolean;
  /** What modules of the submodule are for: those that say another `_class` are refused. */
  readonly class: string | undefined;
  readonly description: string;
}

interface TypedOptions<O> extends Partial<Omit<SubmoduleOptions, "modules" | "class">> {
  readonly modules: readonly TypedModule<O>[];
  readonly class?: string;
}

/** `submodule` with everything that can be said about it. Definitions are modules unless the shorthand is asked for. */
export function submoduleWith<O>(
  options: TypedOptions<O> & { readonly shorthandOnlyDefinesConfig?: false },
): OptionType<WholeSubmodule<O>, InferDefinitions<O>>;
export function submoduleWith<O>(
  options: TypedOptions<O> & { readonly shorthandOnlyDefinesConfig: boolean },
): OptionType<SubmoduleConfig<O>, InferDefinitions<O>>;
export function submoduleWith(
  options: Pick<SubmoduleOptions, "modules"> & Partial<SubmoduleOptions>,
  // biome-ignore lint/suspicious/noExplicitAny: the options of several different modules
): OptionType<any, any>;
export function submoduleWith(
  options: Pick<SubmoduleOptions, "modules"> & Partial<SubmoduleOptions>,
): AnyType {
  return makeSubmodule({
    specialArgs: {},
    shorthandOnlyDefinesConfig: false,
    class: undefined,
    description: options.class === undefined ? "submodule" : `submodule of class "${options.class}"`,
    ...options,
  });
}

const madeOf = new WeakMap<object, SubmoduleOptions>();

function makeSubmodule(options: SubmoduleOptions): AnyType {
  let unchanging: Collected | undefined;
  let isDescribed = false;
  const start = (
    location: Location,
    definitions: readonly ResolvedDefinition[],
    context: EvaluationContext,
  ) => {
    const evaluation = startSubmodule(options, unchanging, location, definitions, context);
    const hasModules = definitions.some(({ value }) => !isBody(value, options));
    if (evaluation.collected.unchanging && !hasModules) unchanging = evaluation.collected;
    return evaluation;
  };
  const type: AnyType = makeType({
    name: "submodule",
    description: options.description,
    empty: { value: {} },
    check: (value) => typeof value === "function" || isAttributes(value) || isPath(value, options),
    merge: (location, definitions, context) => configOf(start(location, definitions, context).root),
    validate: (value, location, report, context) => {
      const { collected } = start(location, [], context);
      validateSet(collected.declared, collected.freeformType, value, location, report, context);
    },
    toJsonSchema: (context) => {
      // A type that contains itself is described once.
      if (isDescribed) return { type: "object" };
      isDescribed = true;
      try {
        const { collected } = start(["<name>"], [], context);
        return schemaOf(collected.declared, collected.freeformType, context);
      } finally {
        isDescribed = false;
      }
    },
    nestedOptions: (location, context) => ({
      location,
      declared: start(location, [], context).collected.declared,
    }),
    nest: (nested, file) =>
      makeSubmodule({ ...options, modules: [...options.modules, withFile(file, { options: nested })] }),
    combine: (other) => {
      if (other === type) return type;
      const others = madeOf.get(other);
      return others && combineSubmodules(options, others);
    },
  });
  madeOf.set(type, options);
  return type;
}

function combineSubmodules(one: SubmoduleOptions, other: SubmoduleOptions): AnyType | undefined {
  const isAmbiguous = Object.keys(one.specialArgs).some((name) => Object.hasOwn(other.specialArgs, name));
  if (isAmbiguous || one.shorthandOnlyDefinesConfig !== other.shorthandOnlyDefinesConfig) return undefined;
  if (one.class !== undefined && other.class !== undefined && one.class !== other.class) return undefined;
  return makeSubmodule({
    ...(one.class === undefined ? other : one),
    modules: [...one.modules, ...other.modules],
    specialArgs: { ...one.specialArgs, ...other.specialArgs },
  });
}

/** Whether a definition is the path of a module, as `imports` take them. */
function isPath(value: unknown, { shorthandOnlyDefinesConfig }: SubmoduleOptions): boolean {
  return !shorthandOnlyDefinesConfig && typeof value === "string" && /^\.{0,2}\//.test(value);
}

/** Whether a definition is all `config`, as opposed to a module. */
function isBody(value: unknown, { shorthandOnlyDefinesConfig }: SubmoduleOptions): boolean {
  return shorthandOnlyDefinesConfig && typeof value !== "function" && !isLocated(value);
}

function startSubmodule(
  options: SubmoduleOptions,
  collected: Collected | undefined,
  location: Location,
  definitions: readonly ResolvedDefinition[],
  context: EvaluationContext,
): StartedEvaluation {
  const bodies: Definition[] = [];
  const modules = [...options.modules];
  for (const { value, file } of definitions) {
    if (isBody(value, options)) bodies.push({ value, file });
    else modules.push(isLocated(value) ? value : withFile(file, value));
  }
  return startEvaluation({
    modules,
    file: SUBMODULE,
    location,
    context,
    args: { ...options.specialArgs, name: String(location.at(-1) ?? "") },
    class: options.class,
    definitions: bodies,
    collected: modules.length === options.modules.length ? collected : undefined,
    describeOptions: optionsOf,
  });
}
