/**
 * One evaluation: a tree of declared options and the definitions for it. Nothing is evaluated before it is
 * read, and everything at most once.
 */
import { type Attributes, type LazyAttributes, lazyObject, lazySource } from "./attributes.ts";
import { collectModules } from "./collect.ts";
import { type DeclaredSet, declare, declareShared, NO_OPTIONS } from "./declarations.ts";
import { type Definition, mergeResolved, resolveDefinitions } from "./definitions.ts";
import { distribute } from "./distribute.ts";
import { notDefined, readWhileCollecting, setReadOnly, unknownOption, whileEvaluating } from "./faults.ts";
import { mergeFreeform } from "./freeform.ts";
import type { Location } from "./location.ts";
import type {
  Collected,
  Evaluation,
  EvaluationInput,
  OptionNode,
  SetNode,
  StartedEvaluation,
} from "./nodes.ts";
import { inFrame } from "./recursion.ts";
import type { ResolvedDefinition } from "./types/type.ts";
import { DEFAULT_OPTION_PRIORITY, PLAIN_PRIORITY } from "./wrappers.ts";

/** Collects the modules and starts an evaluation. */
export function startEvaluation(input: EvaluationInput): StartedEvaluation {
  const { location, context, file } = input;
  const evaluation: Evaluation = {
    location,
    context,
    input,
    root: undefined,
    freeformType: undefined,
    entered: file,
  };
  const collected = input.collected ?? collect(evaluation);
  const definitions = input.definitions
    ? [...collected.definitions, ...input.definitions]
    : collected.definitions;
  evaluation.freeformType = collected.freeformType;
  evaluation.root = setNode(evaluation, location, collected.declared, definitions);
  return Object.assign(evaluation as Evaluation & { root: SetNode }, { collected });
}

function collect(evaluation: Evaluation): Collected {
  const { modules, file, context } = evaluation.input;
  const entering = (entered: string) => {
    evaluation.entered = entered;
  };
  const collected = collectModules(modules, file, { args: argsOf(evaluation), context, entering });
  let declared = NO_OPTIONS;
  // Unchanging ones first, so that the trees they make are the same in every evaluation.
  for (const module of collected) {
    if (module.options !== undefined && module.unchanging) {
      declared = declareShared(declared, module.options, module.file);
    }
  }
  for (const module of collected) {
    if (module.options !== undefined && !module.unchanging)
      declared = declare(declared, module.options, module.file);
  }
  const definitions: Definition[] = [];
  for (const module of collected) {
    if (module.config !== undefined) definitions.push({ file: module.file, value: module.config });
  }
  return {
    declared,
    definitions,
    freeformType: collected.findLast((module) => module.freeformType)?.freeformType,
    unchanging: collected.every((module) => module.unchanging),
  };
}

/** What module functions and computed defaults are called with. */
function argsOf(evaluation: Evaluation): Attributes {
  if (evaluation.args) return evaluation.args;
  const { context, input } = evaluation;
  const rootOf = (read: string): SetNode => {
    if (!evaluation.root) throw readWhileCollecting(read, evaluation.entered);
    return evaluation.root;
  };
  const args: Attributes = {
    lib: context.lib,
    ...input.args,
    config: lazyObject(new SetValues((name) => rootOf(`config${name}`))),
    options: input.describeOptions((name) => rootOf(`options${name}`)),
  };
  evaluation.args = args;
  return args;
}

function setNode(
  evaluation: Evaluation,
  location: Location,
  declared: DeclaredSet,
  definitions: readonly Definition[],
): SetNode {
  return { kind: "set", evaluation, location, declared, definitions, children: new Map(), active: false };
}

const NONE: readonly Definition[] = [];

/** The set or option of a declared name. */
export function childOf(node: SetNode, name: string): SetNode | OptionNode | undefined {
  const before = node.children.get(name);
  if (before) return before;
  const declared = node.declared.children.get(name);
  if (!declared) return undefined;
  const { evaluation } = node;
  const definitions = distributed(node).get(name) ?? NONE;
  const location = [...node.location, name];
  const child: SetNode | OptionNode =
    declared.kind === "set"
      ? setNode(evaluation, location, declared, definitions)
      : { kind: "option", evaluation, location, declared, definitions, active: false, state: "new" };
  node.children.set(name, child);
  return child;
}

/** The definitions of a set by name, undeclared ones included. */
export function distributed(node: SetNode): ReadonlyMap<string, readonly Definition[]> {
  if (node.distributed) return node.distributed;
  if (node.error) throw node.error;
  try {
    node.distributed = inFrame(node, () => distribute(node.location, node.definitions));
    return node.distributed;
  } catch (error) {
    node.error = whileEvaluating(node.location, node.definitions[0]!.file, error);
    throw node.error;
  }
}

/** Names that are defined in a set but declared nowhere. */
export function undeclared(node: SetNode): string[] {
  if (node.definitions.length === 0) return [];
  return [...distributed(node).keys()].filter((name) => !node.declared.children.has(name));
}

/** The values of a set, each evaluated when it is read. */
export function configOf(node: SetNode): Attributes {
  node.config ??= lazyObject(new SetValues(() => node));
  return node.config;
}

/** The set that a lazy object shows, if it shows one. */
export function shownSet(value: object): SetNode | undefined {
  const source = lazySource(value);
  return source instanceof SetValues ? source.node("") : undefined;
}

/** Reads a set's options by name. The set is asked for late, because `config` is handed out before it is there. */
class SetValues implements LazyAttributes {
  /** Asked with what is read of it: nothing, or a dot and a name. */
  readonly node: (read: string) => SetNode;

  constructor(node: (read: string) => SetNode) {
    this.node = node;
  }

  names(): string[] {
    const node = this.node("");
    const declared = [...node.declared.children.keys()];
    return node.evaluation.freeformType ? [...declared, ...Object.keys(freeformOf(node))] : declared;
  }

  has(name: string): boolean {
    const node = this.node(`.${name}`);
    if (node.declared.children.has(name)) return true;
    return node.evaluation.freeformType !== undefined && Object.hasOwn(freeformOf(node), name);
  }

  get(name: string): unknown {
    const node = this.node(`.${name}`);
    const child = childOf(node, name);
    if (child) return child.kind === "set" ? configOf(child) : optionValue(child);
    return freeformOf(node)[name];
  }

  missing(name: string): void {
    const node = this.node(`.${name}`);
    if (node.evaluation.freeformType) return;
    throw unknownOption([...node.location, name], node.declared.children.keys(), []);
  }
}

/** What a set holds beside its declared options, merged by the freeform type. */
export function freeformOf(node: SetNode): Attributes {
  if (node.freeform) return node.freeform;
  const { freeformType, context, location } = node.evaluation;
  const names = undeclared(node);
  if (!freeformType || names.length === 0) return {};
  const all = distributed(node);
  const definitions = new Map(names.map((name) => [name, all.get(name)!]));
  const path = node.location.slice(location.length).map(String);
  node.freeform = inFrame(node, () => mergeFreeform(freeformType, location, path, definitions, context));
  return node.freeform;
}

/** The value of an option; a fault is thrown again, the same one, each time it is read. */
export function optionValue(node: OptionNode): unknown {
  if (node.state === "evaluated") return node.value;
  if (node.state === "failed") throw node.error;
  try {
    node.value = inFrame(node, () => evaluate(node));
    node.state = "evaluated";
    return node.value;
  } catch (error) {
    const file = node.definitions[0]?.file ?? node.declared.files[0]!;
    node.error = whileEvaluating(node.location, file, error);
    node.state = "failed";
    throw node.error;
  }
}

function evaluate(node: OptionNode): unknown {
  const { option } = node.declared;
  const resolved = resolvedOf(node);
  if (resolved.length === 0) throw notDefined(node.location);
  if (option.readOnly && resolved.length > 1) throw setReadOnly(node.location, resolved);
  const merged = mergeResolved(node.location, option.type, resolved, node.evaluation.context);
  return option.apply ? option.apply(merged) : merged;
}

/** The definitions of an option that count, its default included when nothing stronger is given. */
export function resolvedOf(node: OptionNode): readonly ResolvedDefinition[] {
  if (node.resolved) return node.resolved;
  const { option } = node.declared;
  const given =
    node.definitions.length === 0 ? NONE : resolveDefinitions(node.location, option.type, node.definitions);
  const priority = given[0]?.priority ?? PLAIN_PRIORITY;
  const yields = given.length === 0 || option.readOnly || priority >= DEFAULT_OPTION_PRIORITY;
  if (!yields || !Object.hasOwn(option, "default")) node.resolved = given;
  else if (priority > DEFAULT_OPTION_PRIORITY) node.resolved = resolveDefault(node);
  else node.resolved = [...resolveDefault(node), ...given];
  return node.resolved;
}

function resolveDefault(node: OptionNode): ResolvedDefinition[] {
  const { option, files } = node.declared;
  const { default: value, type } = option;
  if (typeof value !== "object" && typeof value !== "function") {
    return [{ file: files[0]!, value, priority: DEFAULT_OPTION_PRIORITY }];
  }
  const computed =
    typeof value === "function" && !type.keepsFunctions ? () => value(argsOf(node.evaluation)) : value;
  return resolveDefinitions(node.location, type, [
    { file: files[0]!, value: computed, priority: DEFAULT_OPTION_PRIORITY },
  ]);
}
