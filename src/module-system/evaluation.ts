/**
 * One evaluation: a tree of declared options and the definitions for it. Nothing is evaluated before it is
 * read, and everything at most once.
 */
import { type Attributes, type LazyAttributes, lazyObject, lazySource } from "./attributes.ts";
import { type Constant, constantOf, keepConstant } from "./constants.ts";
import type { DeclaredSet } from "./declarations.ts";
import { type Definition, mergeResolved, resolveDefinitions } from "./definitions.ts";
import { distribute } from "./distribute.ts";
import { freeformTypesExclude, notDefined, setReadOnly, unknownOption, whileEvaluating } from "./faults.ts";
import { mergeFreeform } from "./freeform.ts";
import type { Location } from "./location.ts";
import { contextWithin } from "./model.ts";
import { MODULE_OPTIONS, MODULE_SET } from "./module-options.ts";
import type { Evaluation, OptionNode, SetNode } from "./nodes.ts";
import { inFrame } from "./recursion.ts";
import type { AnyType, ResolvedDefinition } from "./types/type.ts";
import { DEFAULT_OPTION_PRIORITY, PLAIN_PRIORITY } from "./wrappers.ts";

/** A set of options whose definitions are not told apart yet. */
export function setNode(
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
  const { evaluation } = node;
  const declared = node.declared.children.get(name) ?? (isHidden(node, name) ? MODULE_OPTIONS : undefined);
  if (!declared) return undefined;
  const definitions = distributed(node).get(name) ?? NONE;
  const location = [...node.location, name];
  const child: SetNode | OptionNode =
    declared.kind === "set"
      ? setNode(evaluation, location, declared, definitions)
      : { kind: "option", evaluation, location, declared, definitions, active: false, state: "new" };
  node.children.set(name, child);
  return child;
}

/** The value of a declared option that nobody defines, when every evaluation has the same. */
function constantIn(node: SetNode, name: string): Constant | undefined {
  const declared = node.declared.children.get(name);
  const constant = declared?.kind === "option" ? constantOf(declared) : undefined;
  return constant && !distributed(node).has(name) ? constant : undefined;
}

/** Whether a name is that of the options about the evaluation itself, which are declared nowhere and listed nowhere. */
function isHidden({ evaluation, location }: SetNode, name: string): boolean {
  return name === MODULE_SET && location.length === evaluation.location.length;
}

/** What modules define in `_module`, when they do and the set is an evaluation's root. */
export function moduleSet(root: SetNode): SetNode | undefined {
  if (root.definitions.length === 0 || !isHidden(root, MODULE_SET)) return undefined;
  return distributed(root).has(MODULE_SET) ? (childOf(root, MODULE_SET) as SetNode) : undefined;
}

/** A value of `_module`, or undefined when no module defines anything there. */
export function moduleOption(root: SetNode, name: string): unknown {
  const set = moduleSet(root);
  return set && optionValue(childOf(set, name) as OptionNode);
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
  return [...distributed(node).keys()].filter(
    (name) => !node.declared.children.has(name) && !isHidden(node, name),
  );
}

/** The values of a set, each evaluated when it is read. */
export function configOf(node: SetNode): Attributes {
  node.config ??= lazyObject(new SetValues(() => node));
  return node.config;
}

/** The set that a lazy object shows, if it shows one. */
export function shownSet(value: object): SetNode | undefined {
  const source = lazySource(value);
  return source instanceof SetValues ? source.node() : undefined;
}

/** Reads a set's options by name. The set is asked for late, because `config` is handed out before it is there. */
export class SetValues implements LazyAttributes {
  /** Asked with the name that is read of it, if any. */
  readonly node: (read?: string) => SetNode;

  constructor(node: (read?: string) => SetNode) {
    this.node = node;
  }

  names(): string[] {
    const node = this.node();
    const declared = [...node.declared.children.keys()];
    return freeformTypeOf(node.evaluation) ? [...declared, ...Object.keys(freeformOf(node))] : declared;
  }

  has(name: string): boolean {
    const node = this.node(name);
    if (node.declared.children.has(name) || isHidden(node, name)) return true;
    return freeformTypeOf(node.evaluation) !== undefined && Object.hasOwn(freeformOf(node), name);
  }

  get(name: string): unknown {
    const node = this.node(name);
    const constant = constantIn(node, name);
    if (constant) return constant.value;
    const child = childOf(node, name);
    if (child) return child.kind === "set" ? configOf(child) : optionValue(child);
    return freeformOf(node)[name];
  }

  missing(name: string): void {
    const node = this.node(name);
    if (freeformTypeOf(node.evaluation)) return;
    throw unknownOption([...node.location, name], node.declared.children.keys(), []);
  }
}

/** The type of what is defined but not declared: that of the modules themselves and `_module.freeformType`. */
export function freeformTypeOf(evaluation: Evaluation): AnyType | undefined {
  const { root, freeformType } = evaluation;
  // A set that is being told apart cannot say yet what its modules define in it.
  if (evaluation.hasWholeFreeformType || !root || (root.active && !root.distributed)) return freeformType;
  const added = moduleOption(root, "freeformType") as AnyType | null | undefined;
  if (added) {
    const combined = freeformType ? freeformType.combine(added) : added;
    if (!combined) throw freeformTypesExclude(freeformType!.description, added.description);
    evaluation.freeformType = combined;
  }
  evaluation.hasWholeFreeformType = true;
  return evaluation.freeformType;
}

/** What a set holds beside its declared options, merged by the freeform type. */
export function freeformOf(node: SetNode): Attributes {
  if (node.freeform) return node.freeform;
  const { context, location } = node.evaluation;
  const freeformType = freeformTypeOf(node.evaluation);
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
    node.value = inFrame(node, evaluate, optionValue);
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
  const { option, files } = node.declared;
  const resolved = resolvedOf(node);
  const context = contextWithin(node.evaluation.context, files);
  if (resolved.length === 0) throw notDefined(node.location, context.declaredIn!);
  if (option.readOnly) checkReadOnly(node);
  const merged = mergeResolved(node.location, option.type, resolved, context);
  if (node.definitions.length === 0) keepConstant(option, merged);
  return option.apply ? option.apply(merged) : merged;
}

/** A read-only option has one definition, the default included, however weak or strong the others are. */
function checkReadOnly(node: OptionNode): void {
  const { location, declared, definitions } = node;
  const { option } = declared;
  const given = definitions.flatMap((each) => resolveDefinitions(location, option.type, [each]));
  const all = Object.hasOwn(option, "default") ? [...resolveDefault(node), ...given] : given;
  if (all.length > 1) throw setReadOnly(location, all);
}

/** The definitions of an option that count, its default included when nothing stronger is given. */
export function resolvedOf(node: OptionNode): readonly ResolvedDefinition[] {
  if (node.resolved) return node.resolved;
  const { option } = node.declared;
  const given =
    node.definitions.length === 0 ? NONE : resolveDefinitions(node.location, option.type, node.definitions);
  const priority = given[0]?.priority ?? PLAIN_PRIORITY;
  const yields = given.length === 0 || priority >= DEFAULT_OPTION_PRIORITY;
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
    typeof value === "function" && !type.keepsFunctions ? () => value(node.evaluation.args) : value;
  return resolveDefinitions(node.location, type, [
    { file: files[0]!, value: computed, priority: DEFAULT_OPTION_PRIORITY },
  ]);
}
