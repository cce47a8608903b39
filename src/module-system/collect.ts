/** From the modules that were given to all that take part, each once, imported ones before their importer. */
import { dirname, resolve } from "node:path";
import { type Attributes, getAttribute, isAttributes } from "./attributes.ts";
import { badModule, isOverflow, threw } from "./faults.ts";
import { isLocated, type Located } from "./located.ts";
import { type CollectedModule, readBody } from "./module-body.ts";
import { showValue } from "./show.ts";
import type { EvaluationContext } from "./types/type.ts";

export type { CollectedModule } from "./module-body.ts";

interface Collecting {
  readonly context: EvaluationContext;
  /** Modules of another class are refused. */
  readonly class?: string | undefined;
  /** Calls a module function with its arguments. */
  readonly call: (module: (args: Attributes) => unknown, file: string) => unknown;
}

/** A module with its imports, by the key that `disabledModules` names. */
interface Tree {
  readonly key: unknown;
  readonly module: CollectedModule;
  readonly disabled: readonly unknown[];
  imports: readonly Tree[];
}

/** All modules that take part. `file` is that of the modules which are not located otherwise. */
export function collectModules(
  modules: readonly unknown[],
  file: string,
  collecting: Collecting,
): CollectedModule[] {
  const known = new Map<unknown, Tree>();
  const trees = collectTrees(modules, file, collecting, known);
  const disabled = new Set([...known.values()].flatMap((tree) => tree.disabled));
  const collected = new Set<Tree>();
  flatten(trees, disabled, collected);
  return [...collected].map(({ module }) => module);
}

function collectTrees(
  modules: readonly unknown[],
  file: string,
  collecting: Collecting,
  known: Map<unknown, Tree>,
): readonly Tree[] {
  try {
    return modules.map((module) => collectTree(module, file, collecting, known));
  } catch (error) {
    if (isOverflow(error)) throw badModule(`The modules that "${file}" imports import more without end`);
    throw error;
  }
}

/** Each module once, what it imports before it, without those that are disabled. */
function flatten(
  trees: readonly Tree[],
  disabled: ReadonlySet<unknown>,
  collected: Set<Tree>,
  entered = new Set<Tree>(),
): void {
  for (const tree of trees) {
    if (entered.has(tree) || disabled.has(tree.key)) continue;
    entered.add(tree);
    flatten(tree.imports, disabled, collected, entered);
    collected.add(tree);
  }
}

/** One module and what it imports; the same tree each time it is met. */
function collectTree(
  given: unknown,
  givenFile: string,
  collecting: Collecting,
  known: Map<unknown, Tree>,
): Tree {
  const { module, file, key: identity } = locate(given, givenFile, collecting.context);
  const before = known.get(identity);
  if (before) return before;
  const body = typeof module === "function" ? callModule(module, file, collecting) : module;
  if (isLocated(body)) {
    const tree: Tree = { key: identity, module: { file, unchanging: true }, disabled: [], imports: [] };
    known.set(identity, tree);
    tree.imports = [collectTree(body, file, collecting, known)];
    return tree;
  }
  const read = reading(file, () => readBody(body, file, typeof module !== "function"));
  checkClass(read.module, collecting.class);
  const key = read.key === undefined ? identity : keyOf(read.key);
  const same = known.get(key);
  const tree: Tree = same ?? {
    key,
    module: read.module,
    disabled: read.disabled.map((entry) => disabledKey(entry, file, collecting.context)),
    imports: [],
  };
  known.set(identity, tree);
  known.set(key, tree);
  if (!same) tree.imports = read.imports.map((imported) => collectTree(imported, file, collecting, known));
  return tree;
}

/** A module that names no class is for any evaluation, and an evaluation that names none takes any module. */
function checkClass(module: CollectedModule, expected: string | undefined): void {
  if (expected === undefined || module.class === undefined || module.class === expected) return;
  throw badModule(
    `The module "${module.file}" is of class "${module.class}", but is imported where modules of class "${expected}" are expected`,
  );
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

/** What identifies a module by its `key`, in whatever file it is. */
function keyOf(key: string): string {
  return `key:${key}`;
}

/** What identifies the module that an entry of `disabledModules` names: a path, a module, or its key. */
function disabledKey(entry: unknown, file: string, context: EvaluationContext): unknown {
  if (typeof entry === "string") return resolve(dirname(file), entry);
  const { module } = locate(entry, file, context);
  if (typeof module !== "function" && !isAttributes(module)) {
    throw badModule(
      `"disabledModules" of the module "${file}" has ${showValue(entry)}, which is no module and no path`,
    );
  }
  const key = isAttributes(module) ? getAttribute(module, "key") : undefined;
  return typeof key === "string" ? keyOf(key) : module;
}

function callModule(module: object, file: string, { call }: Collecting): unknown {
  try {
    return call(module as (args: Attributes) => unknown, file);
  } catch (error) {
    if (isOverflow(error)) throw error;
    if (isClass(module)) throw badModule(`The module "${file}" is a class`, "Export what it would make");
    throw threw("The module", file, error);
  }
}

function isClass(module: object): boolean {
  return /^class\b/.test(Function.prototype.toString.call(module));
}

/** Reads of a module may run its code: getters and proxies. */
function reading<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (isOverflow(error)) throw error;
    throw threw("The module", file, error);
  }
}
