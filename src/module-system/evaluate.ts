/** The module system's front door. */
import type { MicrovmError } from "../errors.ts";
import type { Attributes } from "./attributes.ts";
import { optionsOf } from "./evaluated-options.ts";
import { configOf, freeformTypeOf } from "./evaluation.ts";
import { rememberEvaluation } from "./evaluations.ts";
import { combineFaults, faultsOf } from "./faults.ts";
import { lib } from "./lib.ts";
import { withFile } from "./located.ts";
import type { SetNode } from "./nodes.ts";
import { plainSet } from "./plain.ts";
import { startEvaluation } from "./start.ts";
import { submoduleWith } from "./types/submodule.ts";
import type { ImportModule, JsonSchema, OptionType } from "./types/type.ts";
import { schemaOf, validateSet } from "./validate.ts";

/** What to evaluate. */
export interface EvalModulesOptions {
  readonly modules: readonly unknown[];
  /** More arguments for module functions, beside `config`, `options` and `lib`. */
  readonly specialArgs?: Readonly<Record<string, unknown>>;
  /** Loads modules that are imported by path; without it they are refused. */
  readonly importModule?: ImportModule;
  /** Put before the options' names in messages. */
  readonly prefix?: readonly string[];
  /** File of the modules that do not come with their own (see `withFile`). */
  readonly file?: string;
  /** What the modules are for. Those that say another `_class` are refused. */
  readonly class?: string;
}

/** File of modules that say none. */
const INLINE = "<inline>";

/** Modules with their options, of which nothing is evaluated before it is read. */
export interface Evaluated<C = unknown> {
  /** The merged configuration. Reading an option evaluates it, and throws its fault if it has one. */
  readonly config: C;
  /** The same tree of `EvaluatedOption`s: values, definitions, declarations. */
  // biome-ignore lint/suspicious/noExplicitAny: a tree of unknown depth
  readonly options: any;
  /** Evaluates everything and returns every fault, each once. */
  collectErrors(): readonly MicrovmError[];
  /** Evaluates everything; throws one error for all faults. */
  force(): void;
  /** The same modules and more, evaluated anew. */
  extendModules(more: Pick<EvalModulesOptions, "modules" | "specialArgs" | "prefix">): Evaluated<C>;
  /** The type of options whose values are made of the same modules and the option's definitions. */
  // biome-ignore lint/suspicious/noExplicitAny: whatever the modules declare
  readonly type: OptionType<any>;
  /** What the modules are for, where that was said. */
  readonly class: string | undefined;
  readonly root: SetNode;
}

/** Collects modules and starts to evaluate them. Throws what is wrong with the modules themselves. */
// biome-ignore lint/suspicious/noExplicitAny: callers that know the configuration's type name it
export function evalModules<C = any>(options: EvalModulesOptions): Evaluated<C> {
  const { modules, specialArgs = {}, importModule, prefix = [], file = INLINE, class: kind } = options;
  const { root } = startEvaluation({
    modules,
    file,
    location: prefix,
    context: { lib, ...(importModule && { importModule }) },
    args: specialArgs as Attributes,
    class: kind,
    describeOptions: optionsOf,
  });
  const evaluated = new EvaluatedModules<C>(options, root);
  rememberEvaluation(evaluated);
  return evaluated;
}

/**
 * A class, and not an object literal: V8 keeps what the getter of a literal reaches, here the whole evaluation, until
 * it collects the old part of its heap.
 */
class EvaluatedModules<C> implements Evaluated<C> {
  readonly config: C;
  readonly options: unknown;
  readonly class: string | undefined;
  readonly root: SetNode;
  readonly #given: EvalModulesOptions;

  constructor(given: EvalModulesOptions, root: SetNode) {
    this.config = configOf(root) as C;
    this.options = optionsOf(() => root);
    this.class = given.class;
    this.root = root;
    this.#given = given;
  }

  get type() {
    const { modules, specialArgs = {}, file = INLINE, class: kind } = this.#given;
    return submoduleWith({
      modules: modules.map((module) => withFile(file, module)),
      specialArgs,
      ...(kind !== undefined && { class: kind }),
    });
  }

  collectErrors(): readonly MicrovmError[] {
    return plainWithFaults(this).faults;
  }

  force(): void {
    toPlain(this);
  }

  extendModules(more: Pick<EvalModulesOptions, "modules" | "specialArgs" | "prefix">): Evaluated<C> {
    const { modules, specialArgs } = this.#given;
    return evalModules<C>({
      ...this.#given,
      ...more,
      modules: [...modules, ...more.modules],
      specialArgs: { ...specialArgs, ...more.specialArgs },
    });
  }
}

/** The plain configuration as far as it can be evaluated, and every fault, each once. */
export function plainWithFaults(evaluated: Evaluated): {
  readonly plain: Attributes;
  readonly faults: readonly MicrovmError[];
} {
  const faults = new Set<MicrovmError>();
  const plain = plainSet(evaluated.root, (fault) => {
    for (const single of faultsOf(fault)) faults.add(single);
  });
  return { plain, faults: [...faults] };
}

/**
 * The whole configuration as plain data, without internal options and without raw values, functions and
 * modules. Throws one error for all faults.
 */
export function toPlain(evaluated: Evaluated): Attributes {
  const { plain, faults } = plainWithFaults(evaluated);
  if (faults.length > 0) throw combineFaults(faults);
  return plain;
}

/** Checks a plain configuration from elsewhere against the options of an evaluation; returns every fault. */
export function validatePlain(evaluated: Evaluated, value: unknown): readonly MicrovmError[] {
  const faults: MicrovmError[] = [];
  const { declared, evaluation } = evaluated.root;
  const report = (fault: MicrovmError) => faults.push(...faultsOf(fault));
  validateSet(declared, freeformTypeOf(evaluation), value, evaluation.location, report, evaluation.context);
  return faults;
}

/** JSON Schema of what may be defined. */
export function toJsonSchema(evaluated: Evaluated): JsonSchema {
  const { declared, evaluation } = evaluated.root;
  return schemaOf(declared, freeformTypeOf(evaluation), evaluation.context);
}
