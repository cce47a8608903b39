/** From the modules that were given to all that take part, each once, imported ones before their importer. */
import { dirname, resolve } from "node:path";
import { type Attributes, getAttribute, isAttributes } from "./attributes.ts";
import { badModule, isOverflow, threw } from "./faults.ts";
import { isLocated, type Located } from "./located.ts";
import { showValue } from "./show.ts";
import type { EvaluationContext, OptionType } from "./types/type.ts";

/** A module that takes part in an evaluation. */
export interface CollectedModule {
  readonly file: string;
  readonly options?: unknown;
  readonly config?: unknown;
  readonly freeformType?: OptionType;
  /** The module's options are the same object in every evaluation. */
  readonly unchanging: boolean;
}

interface Collecting {
  readonly args: Attributes;
  readonly context: EvaluationContext;
  /** Told the file of each module function before it is called. */
  readonly entering: (file: string) => void;
}

/** A module with its imports, by the keys that `disabledModules` name. */
interface Tree {
  readonly key: unknown;
  readonly module: CollectedModule;
  readonly imports: readonly Tree[];
  readonly disabled: readonly unknown[];
}

/** All modules that take part. `file` is that of the modules which are not located otherwise. */
export function collectModules(
  modules: readonly unknown[],
  file: string,
  collecting: Collecting,
): CollectedModule[] {
  const seen = new Set<unknown>();
  const trees = collectTrees(modules, file, collecting, seen);
  const disabled = new Set<unknown>();
  visit(trees, (tree) => {
    for (const key of tree.disabled) disabled.add(key);
  });
  const collected: CollectedModule[] = [];
  visit(
    trees,
    (tree) => collected.push(tree.module),
    (tree) => disabled.has(tree.key),
  );
  return collected;
}

function collectTrees(
  modules: readonly unknown[],
  file: string,
  collecting: Collecting,
  seen: Set<unknown>,
): readonly Tree[] {
  try {
    return modules.flatMap((module) => collectTree(module, file, collecting, seen) ?? []);
  } catch (error) {
    if (isOverflow(error)) throw badModule(`The modules that "${file}" imports import more without end`);
    throw error;
  }
}

function visit(trees: readonly Tree[], each: (tree: Tree) => void, skip?: (tree: Tree) => boolean): void {
  for (const tree of trees) {
    if (skip?.(tree)) continue;
    visit(tree.imports, each, skip);
    each(tree);
  }
}

/** One module and what it imports; undefined when it has been collected already. */
function collectTree(
  given: unknown,
  givenFile: string,
  collecting: Collecting,
  seen: Set<unknown>,
): Tree | undefined {
  const { module, file, key } = locate(given, givenFile, collecting.context);
  if (seen.has(key)) return undefined;
  seen.add(key);
  const body = typeof module === "function" ? callModule(module, file, collecting) : module;
  if (isLocated(body)) {
    const only = collectTree(body, file, collecting, seen);
    return { key, module: { file, unchanging: true }, imports: only ? [only] : [], disabled: [] };
  }
  if (!isAttributes(body)) throw notAModule(body, file);
  const imports = listOf(body, "imports", file).flatMap(
    (imported) => collectTree(imported, file, collecting, seen) ?? [],
  );
  const disabled = listOf(body, "disabledModules", file).map((entry) =>
    typeof entry === "string" ? resolve(dirname(file), entry) : entry,
  );
  return { key, module: partsOf(body, file, typeof module !== "function"), imports, disabled };
}

/** Follows a path to its module, and finds the file and the identity of any other. */
function locate(
  given: unknown,
  file: string,
  context: EvaluationContext,
): Located & { readonly key: unknown } {
  if (typeof given === "string") {
    if (!context.importModule) {
      throw badModule(`The module "${file}" imports "${given}", but modules cannot be imported by path here`);
    }
    const imported = context.importModule(given, file);
    return { ...imported, key: imported.file };
  }
  if (isLocated(given)) return locate(given.module, given.file, context);
  return { module: given, file, key: given };
}

// biome-ignore lint/complexity/noBannedTypes: any function may have been given as a module
function callModule(module: Function, file: string, { args, entering }: Collecting): unknown {
  entering(file);
  try {
    return module(args);
  } catch (error) {
    if (isOverflow(error)) throw error;
    throw threw("The module", file, error);
  }
}

function listOf(body: Attributes, name: string, file: string): readonly unknown[] {
  const value = getAttribute(body, name);
  if (value === undefined) return [];
  if (Array.isArray(value)) return value;
  throw badModule(`"${name}" of the module "${file}" must be a list, but is ${showValue(value)}`);
}

/** Names with a meaning of their own, in a module without `options` and `config`. */
const MODULE_KEYS = new Set(["imports", "disabledModules", "freeformType", "options", "config"]);

/** Splits a module into its parts; without `options` and `config` all the rest is `config`. */
function partsOf(body: Attributes, file: string, unchanging: boolean): CollectedModule {
  const freeformType = getAttribute(body, "freeformType") as OptionType | undefined;
  const common = { file, unchanging, ...(freeformType && { freeformType }) };
  if (Object.hasOwn(body, "options") || Object.hasOwn(body, "config")) {
    const stray = Object.keys(body).find((name) => !MODULE_KEYS.has(name));
    if (stray !== undefined) {
      throw badModule(
        `The module "${file}" has the key "${stray}" beside "options" or "config"`,
        `Move "${stray}" below "config"`,
      );
    }
    return { ...common, options: getAttribute(body, "options"), config: getAttribute(body, "config") };
  }
  return {
    ...common,
    config: Object.keys(body).some((name) => MODULE_KEYS.has(name)) ? withoutKeys(body) : body,
  };
}

function withoutKeys(body: Attributes): Attributes {
  const rest: Attributes = Object.create(null);
  for (const name of Object.keys(body)) if (!MODULE_KEYS.has(name)) rest[name] = body[name];
  return rest;
}

function notAModule(value: unknown, file: string): Error {
  if (value instanceof Promise) {
    value.catch(() => {});
    return badModule(`The module "${file}" is a promise`, "Modules are evaluated at once; remove the async");
  }
  const found = Array.isArray(value) ? "a list" : showValue(value);
  return badModule(
    `The module "${file}" must be an attribute set or a function that returns one, but is ${found}`,
  );
}
