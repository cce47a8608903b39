/** From modules to an evaluation of which nothing is evaluated yet. */
import { type Attributes, lazyObject } from "./attributes.ts";
import { type CollectedModule, collectModules } from "./collect.ts";
import { type DeclaredSet, declare, declareShared, NO_OPTIONS } from "./declarations.ts";
import { SUBMODULE } from "./declaring-files.ts";
import type { Definition } from "./definitions.ts";
import { moduleOption, SetValues, setNode } from "./evaluation.ts";
import { badModule, freeformTypesExclude, isOverflow, readWhileCollecting, threw } from "./faults.ts";
import type { Location } from "./location.ts";
import type { Collected, Evaluation, EvaluationInput, SetNode, StartedEvaluation } from "./nodes.ts";
import type { AnyType, EvaluationContext } from "./types/type.ts";

/** Collects the modules and starts an evaluation. */
export function startEvaluation(input: EvaluationInput): StartedEvaluation {
  const evaluation = new Starting(input);
  const collected = input.collected ?? collect(evaluation);
  const own = namingFiles(collected.definitions, input.context);
  const definitions = input.definitions ? [...own, ...input.definitions] : own;
  evaluation.freeformType = collected.freeformType;
  evaluation.collected = collected;
  evaluation.root = setNode(evaluation, input.location, collected.declared, definitions);
  return evaluation as Evaluation as StartedEvaluation;
}

/** Definitions that a submodule's own modules give, as given in the files that declare the option. */
function namingFiles(
  definitions: readonly Definition[],
  { declaredIn = [] }: EvaluationContext,
): readonly Definition[] {
  if (declaredIn.length === 0 || definitions.every(({ file }) => file !== SUBMODULE)) return definitions;
  const file = declaredIn.join(" or ");
  return definitions.map((definition) =>
    definition.file === SUBMODULE ? { ...definition, file } : definition,
  );
}

/** An evaluation, and what is known of the arguments that its modules ask for. */
class Starting implements Evaluation {
  readonly input: EvaluationInput;
  readonly location: Location;
  readonly context: EvaluationContext;
  root: SetNode | undefined = undefined;
  collected: Collected | undefined = undefined;
  freeformType: AnyType | undefined = undefined;
  hasWholeFreeformType = false;
  entered: string;
  /** What modules give as arguments, as far as it is known before all of them are collected. */
  given: SetNode | undefined = undefined;
  /** Arguments that were asked for before any module could give them. */
  wanted: Set<string> | undefined = undefined;
  #args: Attributes | undefined = undefined;

  constructor(input: EvaluationInput) {
    this.input = input;
    this.location = input.location;
    this.context = input.context;
    this.entered = input.file;
  }

  get args(): Attributes {
    this.#args ??= makeArguments(this);
    return this.#args;
  }
}

function makeArguments(evaluation: Starting): Attributes {
  const { context, input } = evaluation;
  const rootOf = (argument: string, name?: string): SetNode => {
    if (evaluation.root) return evaluation.root;
    throw readWhileCollecting(name === undefined ? argument : `${argument}.${name}`, evaluation.entered);
  };
  const args: Attributes = {
    lib: context.lib,
    _class: input.class ?? null,
    _prefix: input.location,
    ...input.args,
    config: lazyObject(new SetValues((name) => rootOf("config", name))),
    options: input.describeOptions((name) => rootOf("options", name)),
  };
  return new Proxy(args, {
    get: (_target, name) => {
      if (typeof name === "symbol" || Object.hasOwn(args, name)) return Reflect.get(args, name);
      return name === "_definedIn" ? definingFiles(rootOf("")) : argumentOf(evaluation, name);
    },
  });
}

/** Files of the modules that define anything in a set. */
function definingFiles({ definitions }: SetNode): readonly string[] {
  return [...new Set(definitions.map(({ file }) => file))];
}

/** An argument that `_module.args` may give. */
function argumentOf(evaluation: Starting, name: string): unknown {
  const root = evaluation.root ?? evaluation.given;
  if (!root) {
    evaluation.wanted ??= new Set();
    evaluation.wanted.add(name);
    return undefined;
  }
  const given = moduleOption(root, "args") as Attributes | undefined;
  return given && Object.hasOwn(given, name) ? given[name] : undefined;
}

function collect(evaluation: Starting): Collected {
  const first = collectOnce(evaluation);
  if (!evaluation.wanted) return first.collected;
  const root = setNode(
    evaluation,
    evaluation.location,
    first.collected.declared,
    first.collected.definitions,
  );
  if (!givesAny(root, evaluation.wanted)) {
    if (first.postponed) throw first.postponed.error;
    return first.collected;
  }
  // Modules took arguments apart that others give: they are called again, with what those give.
  evaluation.given = root;
  return collectOnce(evaluation).collected;
}

/** Whether `_module.args` has one of the names. What needs `config` to say so cannot. */
function givesAny(root: SetNode, wanted: ReadonlySet<string>): boolean {
  try {
    const given = moduleOption(root, "args") as Attributes | undefined;
    return given !== undefined && [...wanted].some((name) => Object.hasOwn(given, name));
  } catch {
    return false;
  }
}

function collectOnce(evaluation: Starting) {
  const { modules, file, context, class: kind } = evaluation.input;
  let postponed: { readonly error: unknown } | undefined;
  const { args } = evaluation;
  const call = (module: (args: Attributes) => unknown, moduleFile: string): unknown => {
    evaluation.entered = moduleFile;
    const before = evaluation.wanted?.size;
    try {
      return module(args);
    } catch (error) {
      if (evaluation.given || evaluation.wanted?.size === before) throw error;
      // It may have failed for want of an argument that another module gives.
      postponed ??= { error: threw("The module", moduleFile, error) };
      return {};
    }
  };
  const collected = gather(
    collectModules(modules, file, { call, context, class: kind }),
    evaluation.location,
  );
  return { collected, postponed };
}

function gather(modules: readonly CollectedModule[], location: Location): Collected {
  let declared = NO_OPTIONS;
  // Unchanging ones first, so that the trees they make are the same in every evaluation.
  for (const module of modules) {
    if (module.options !== undefined && module.unchanging) {
      declared = declaring(module, location, declareShared, declared);
    }
  }
  for (const module of modules) {
    if (module.options !== undefined && !module.unchanging)
      declared = declaring(module, location, declare, declared);
  }
  const definitions: Definition[] = [];
  let freeformType: AnyType | undefined;
  for (const module of modules) {
    if (module.config !== undefined) definitions.push({ file: module.file, value: module.config });
    if (module.freeformType) freeformType = combineFreeform(freeformType, module.freeformType);
  }
  return {
    declared,
    definitions,
    freeformType,
    unchanging: modules.every((module) => module.unchanging),
  };
}

/** Declares a module's options, whatever reading them does. */
function declaring(
  { options, file }: CollectedModule,
  location: Location,
  add: typeof declare,
  base: DeclaredSet,
): DeclaredSet {
  try {
    return add(base, options, file, location);
  } catch (error) {
    if (isOverflow(error)) throw badModule(`The options of the module "${file}" are nested too deeply`);
    throw threw("The module", file, error);
  }
}

function combineFreeform(base: AnyType | undefined, added: AnyType): AnyType {
  const combined = base ? base.combine(added) : added;
  if (!combined) throw freeformTypesExclude(base!.description, added.description);
  return combined;
}
