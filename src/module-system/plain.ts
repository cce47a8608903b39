/** From an evaluation to plain data. */
import { MicrovmError } from "../errors.ts";
import { type Attributes, getAttribute, isAttributes, setAttribute } from "./attributes.ts";
import { constantOf, constantsFound, isScalar } from "./constants.ts";
import {
  childOf,
  distributed,
  freeformOf,
  freeformTypeOf,
  moduleOption,
  moduleSet,
  optionValue,
  shownSet,
  undeclared,
} from "./evaluation.ts";
import { isOverflow, unknownOption, whileEvaluating, wrongType } from "./faults.ts";
import type { Location } from "./location.ts";
import type { DeclaredOption, DeclaredSet } from "./model.ts";
import type { OptionNode, SetNode } from "./nodes.ts";
import { isOption } from "./option.ts";
import { RESULT, type Report } from "./types/type.ts";
import { isPlainOption, isPlainSet } from "./validate.ts";

/**
 * Evaluates every option of a set that is not internal and whose type is plain data, and copies the values.
 * Each fault is reported and its option left out.
 */
export function plainSet(node: SetNode, report: Report): Attributes {
  const given = attempt(node.location, report, () => distributed(node));
  // Nothing in the set can be told from the rest.
  if (!given) return {};
  const names = undeclared(node);
  const freeform = plainFreeform(node, names, report);
  if (!freeform && names.length > 0 && attempt(node.location, report, () => checksNames(node))) {
    for (const name of names) report(undeclaredName(node, name));
  }
  const about = attempt(node.location, report, () => moduleSet(node));
  for (const name of about ? undeclared(about) : []) report(undeclaredName(about!, name));
  const { frame, children } = shapeOf(node.declared);
  const plain: Attributes = { ...freeform, ...frame };
  for (const child of children) {
    const { name } = child;
    const isGiven = given.has(name);
    if (child.isConstant && !isGiven) continue;
    if (!child.isPlain) {
      if (child.declared.kind === "set" && isGiven) checkNames(node, name, report);
      continue;
    }
    const value = plainChild(node, name, report);
    if (value) setAttribute(plain, name, value.value);
    else delete plain[name];
  }
  return plain;
}

/** What a set holds beside its declared options; undefined when it may hold nothing. */
function plainFreeform(node: SetNode, names: readonly string[], report: Report): Attributes | undefined {
  if (!attempt(node.location, report, () => freeformTypeOf(node.evaluation))) return undefined;
  const plain: Attributes = {};
  if (names.length > 0) {
    const freeform = attempt(node.location, report, () => freeformOf(node)) ?? {};
    copyAttributes(freeform, plain, node.location, report);
  }
  return plain;
}

function plainChild(node: SetNode, name: string, report: Report): { readonly value: unknown } | undefined {
  try {
    const child = childOf(node, name)!;
    return { value: child.kind === "set" ? plainSet(child, report) : plainOption(child, report) };
  } catch (error) {
    fail([...node.location, name], report, error);
    return undefined;
  }
}

/** One name of a set, and what of it is the same in every evaluation. */
interface Child {
  readonly name: string;
  readonly declared: DeclaredOption | DeclaredSet;
  readonly isPlain: boolean;
  isConstant: boolean;
}

/** What the plain data of every set with one declaration begin as. */
interface Shape {
  /** The plain names in their order. Those that are not constant have no value yet. */
  readonly frame: Attributes;
  readonly children: readonly Child[];
  /** As many constants were known when the children were last asked. */
  constants: number;
}

const shapes = new WeakMap<DeclaredSet, Shape>();

/** A set is copied from its shape at once, since one that grows name by name is moved again and again. */
function shapeOf(declared: DeclaredSet): Shape {
  const shape = shapes.get(declared) ?? newShape(declared);
  const constants = constantsFound();
  if (shape.constants === constants) return shape;
  shape.constants = constants;
  for (const child of shape.children) {
    const constant = child.isPlain && !child.isConstant ? constantOf(child.declared) : undefined;
    if (!constant) continue;
    child.isConstant = true;
    setAttribute(shape.frame, child.name, constant.value);
  }
  return shape;
}

function newShape(declared: DeclaredSet): Shape {
  const children = [...declared.children].map(([name, child]) => ({
    name,
    declared: child,
    isPlain: child.kind === "option" ? isPlainOption(child) : isPlainSet(child),
    isConstant: false,
  }));
  const frame: Attributes = {};
  for (const { name, isPlain } of children) if (isPlain) setAttribute(frame, name, undefined);
  const shape = { frame, children, constants: -1 };
  shapes.set(declared, shape);
  return shape;
}

/** An option's value as plain data, which may be nested too deeply for the stack. */
function plainOption(node: OptionNode, report: Report): unknown {
  try {
    return plainValue(optionValue(node), node.location, report);
  } catch (error) {
    throw whileEvaluating(node.location, node.definitions[0]?.file ?? node.declared.files[0]!, error);
  }
}

/** Reports unknown names in a set of which nothing is plain. */
function checkNames(node: SetNode, name: string, report: Report): void {
  attempt([...node.location, name], report, () => {
    const child = childOf(node, name);
    if (child?.kind === "set") plainSet(child, report);
  });
}

/** Whether names that nobody declares are faults. */
function checksNames({ evaluation }: SetNode): boolean {
  return moduleOption(evaluation.root!, "check") !== false;
}

function undeclaredName(node: SetNode, name: string): MicrovmError {
  const given = distributed(node).get(name)!;
  const files = [...new Set(given.map(({ file }) => file))];
  const hint = given.some(({ value }) => declares(value))
    ? 'Options are declared below "options", not below "config"'
    : undefined;
  return unknownOption([...node.location, name], node.declared.children.keys(), files, hint);
}

/** Whether a definition is an option or a set with one in it, which is a declaration in the wrong place. */
function declares(value: unknown, depth = 3): boolean {
  if (isOption(value)) return true;
  if (depth === 0 || !isAttributes(value)) return false;
  return Object.keys(value).some((name) => declares(getAttribute(value, name), depth - 1));
}

/** A value as plain data; what is none is reported and becomes null. */
export function plainValue(value: unknown, location: Location, report: Report): unknown {
  if (isScalar(value)) return value;
  if (Array.isArray(value)) {
    // Nobody can change it, so that it need not be copied.
    if (Object.isFrozen(value) && value.every(isScalar)) return value;
    return value.map((entry, index) =>
      isScalar(entry) ? entry : plainValue(entry, [...location, index], report),
    );
  }
  if (typeof value === "object" && isAttributes(value)) {
    const set = shownSet(value);
    if (set) return plainSet(set, report);
    const plain = {};
    copyAttributes(value, plain, location, report);
    return plain;
  }
  report(wrongType(location, "plain data", [{ value, file: RESULT }]));
  return null;
}

function copyAttributes(from: Attributes, to: Attributes, location: Location, report: Report): void {
  const names = attempt(location, report, () => Object.keys(from)) ?? [];
  for (const name of names) {
    try {
      const value = from[name];
      setAttribute(to, name, isScalar(value) ? value : plainValue(value, [...location, name], report));
    } catch (error) {
      fail([...location, name], report, error);
    }
  }
}

/** Evaluates, or reports why that cannot be done. */
function attempt<T>(location: Location, report: Report, evaluate: () => T): T | undefined {
  try {
    return evaluate();
  } catch (error) {
    fail(location, report, error);
    return undefined;
  }
}

function fail(location: Location, report: Report, error: unknown): void {
  if (isOverflow(error)) throw error;
  report(error instanceof MicrovmError ? error : whileEvaluating(location, RESULT, error));
}
