/** From an evaluation to plain data. */
import { MicrovmError } from "../errors.ts";
import { type Attributes, getAttribute, isAttributes, setAttribute } from "./attributes.ts";
import { constantOf } from "./constants.ts";
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
  const plain: Attributes = {};
  const names = undeclared(node);
  if (attempt(node.location, report, () => freeformTypeOf(node.evaluation))) {
    const freeform = attempt(node.location, report, () => freeformOf(node)) ?? {};
    copyAttributes(freeform, plain, node.location, report);
  } else if (names.length > 0 && attempt(node.location, report, () => checksNames(node))) {
    for (const name of names) report(undeclaredName(node, name));
  }
  const about = attempt(node.location, report, () => moduleSet(node));
  for (const name of about ? undeclared(about) : []) report(undeclaredName(about!, name));
  for (const [name, declared] of node.declared.children) {
    if (declared.kind === "option" ? !isPlainOption(declared) : !isPlainSet(declared)) {
      if (declared.kind === "set" && given.has(name)) checkNames(node, name, report);
      continue;
    }
    const constant = given.has(name) ? undefined : constantOf(declared);
    if (constant) setAttribute(plain, name, constant.value);
    else {
      attempt([...node.location, name], report, () => {
        const child = childOf(node, name)!;
        setAttribute(
          plain,
          name,
          child.kind === "set" ? plainSet(child, report) : plainOption(child, report),
        );
      });
    }
  }
  return plain;
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
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (Array.isArray(value))
    return value.map((entry, index) => plainValue(entry, [...location, index], report));
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
    const at = [...location, name];
    attempt(at, report, () => setAttribute(to, name, plainValue(from[name], at, report)));
  }
}

/** Evaluates, or reports why that cannot be done. */
function attempt<T>(location: Location, report: Report, evaluate: () => T): T | undefined {
  try {
    return evaluate();
  } catch (error) {
    if (isOverflow(error)) throw error;
    report(error instanceof MicrovmError ? error : whileEvaluating(location, RESULT, error));
    return undefined;
  }
}
