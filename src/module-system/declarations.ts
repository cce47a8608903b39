/**
 * The tree of declared options. Trees are never changed: adding a module's options gives a new tree that
 * shares what it can, and trees of the same unchanging modules are made once (`shared`).
 */
import { type Attributes, getAttribute, isAttributes } from "./attributes.ts";
import { badModule } from "./faults.ts";
import { type Location, showLocation } from "./location.ts";
import type { DeclaredOption, DeclaredSet, Option } from "./model.ts";
import { isOption } from "./option.ts";
import { isType } from "./types/option-type.ts";

export type { DeclaredOption, DeclaredSet } from "./model.ts";

import { showValue } from "./show.ts";

/** The tree without options. */
export const NO_OPTIONS: DeclaredSet = { kind: "set", children: new Map() };

const known = new WeakMap<DeclaredSet, WeakMap<object, { file: string; result: DeclaredSet }>>();

/** `declare`, remembered: for options that are the same object in every evaluation. */
export function declareShared(
  base: DeclaredSet,
  options: unknown,
  file: string,
  location: Location,
): DeclaredSet {
  if (!isAttributes(options)) return declare(base, options, file, location);
  const byOptions = known.get(base) ?? new WeakMap();
  known.set(base, byOptions);
  const before = byOptions.get(options);
  if (before?.file === file) return before.result;
  const result = declare(base, options, file, location);
  byOptions.set(options, { file, result });
  return result;
}

/** Adds a module's options to a tree, which lies at a location. */
export function declare(base: DeclaredSet, options: unknown, file: string, location: Location): DeclaredSet {
  if (!isAttributes(options)) {
    throw badModule(
      `The options of the module "${file}" must be an attribute set, but are ${showValue(options)}`,
    );
  }
  return extendSet(base, options, file, location);
}

function extendSet(base: DeclaredSet, options: Attributes, file: string, location: Location): DeclaredSet {
  const children = new Map(base.children);
  for (const name of Object.keys(options)) {
    const at = [...location, name];
    children.set(name, extendChild(base.children.get(name), getAttribute(options, name), file, at));
  }
  return { kind: "set", children };
}

function extendChild(
  base: DeclaredSet | DeclaredOption | undefined,
  added: unknown,
  file: string,
  location: Location,
): DeclaredSet | DeclaredOption {
  if (isOption(added)) {
    if (!isType(added.type)) {
      throw badModule(`The option "${showLocation(location)}" in "${file}" is declared without a type`);
    }
    if (base === undefined) return { kind: "option", option: added, files: [file] };
    if (base.kind === "option") return combineOptions(base, added, file, location);
    return nested({ kind: "option", option: added, files: [file] }, optionsOf(base), file, location);
  }
  if (!isAttributes(added) || isType(added)) {
    const found = isType(added) ? `the type "${added.description}"` : showValue(added);
    throw badModule(
      `The option "${showLocation(location)}" in "${file}" must be declared with mkOption, but is ${found}`,
    );
  }
  if (base?.kind === "option") return nested(base, added, file, location);
  return extendSet(base ?? NO_OPTIONS, added, file, location);
}

/** An option whose type is a set of options, with the options that other modules declare below it. */
function nested(
  { option, files }: DeclaredOption,
  options: Attributes,
  file: string,
  location: Location,
): DeclaredOption {
  if (!option.type.nest) {
    throw badModule(
      `"${showLocation(location)}" is declared both as an option and as a set of options, one of them in "${file}"`,
    );
  }
  return {
    kind: "option",
    option: { ...option, type: option.type.nest(options, file) },
    files: [...new Set([...files, file])],
  };
}

/** The options of a tree as a module declares them. */
function optionsOf({ children }: DeclaredSet): Attributes {
  const options: Attributes = Object.create(null);
  for (const [name, child] of children)
    options[name] = child.kind === "set" ? optionsOf(child) : child.option;
  return options;
}

/** What only one declaration of an option may say, as there is no way to merge it. */
const SAID_ONCE = ["default", "apply", "description", "example", "readOnly"] as const;

/** One option that two modules declare: their types must combine, and what one leaves open the other may say. */
function combineOptions(
  base: DeclaredOption,
  added: Option,
  file: string,
  location: Location,
): DeclaredOption {
  const type = base.option.type.combine(added.type);
  const name = showLocation(location);
  const where = base.files.map((each) => `"${each}"`).join(" and ");
  if (type === undefined) {
    throw badModule(
      `The option "${name}" is declared with types that exclude each other: "${base.option.type.description}" in ${where}, "${added.type.description}" in "${file}"`,
    );
  }
  const key = saidTwice(base.option, added);
  if (key !== undefined) {
    throw badModule(
      `The option "${name}" is declared several times with "${key}", in ${where} and "${file}"`,
    );
  }
  return { kind: "option", option: { ...base.option, ...added, type }, files: [...base.files, file] };
}

function saidTwice(one: Option, other: Option): string | undefined {
  return SAID_ONCE.find((key) => one[key] !== undefined && other[key] !== undefined);
}

/** The option that two declarations come to; undefined when they exclude each other. */
export function combineIfPossible(one: Option, other: Option): Option | undefined {
  const type = one === other ? one.type : one.type.combine(other.type);
  if (type === undefined || (one !== other && saidTwice(one, other) !== undefined)) return undefined;
  return { ...one, ...other, type };
}
