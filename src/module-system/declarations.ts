/**
 * The tree of declared options. Trees are never changed: adding a module's options gives a new tree that
 * shares what it can, and trees of the same unchanging modules are made once (`shared`).
 */
import type { MicrovmError } from "../errors.ts";
import { type Attributes, getAttribute, isAttributes } from "./attributes.ts";
import { badModule } from "./faults.ts";
import { type Location, showLocation } from "./location.ts";
import type { DeclaredOption, DeclaredSet, Option } from "./model.ts";
import { isOption } from "./option.ts";

export type { DeclaredOption, DeclaredSet } from "./model.ts";

import { showValue } from "./show.ts";

/** The tree without options. */
export const NO_OPTIONS: DeclaredSet = { kind: "set", children: new Map() };

const known = new WeakMap<DeclaredSet, WeakMap<object, { file: string; result: DeclaredSet }>>();

/** `declare`, remembered: for options that are the same object in every evaluation. */
export function declareShared(base: DeclaredSet, options: unknown, file: string): DeclaredSet {
  if (!isAttributes(options)) return declare(base, options, file);
  const byOptions = known.get(base) ?? new WeakMap();
  known.set(base, byOptions);
  const before = byOptions.get(options);
  if (before?.file === file) return before.result;
  const result = declare(base, options, file);
  byOptions.set(options, { file, result });
  return result;
}

/** Adds a module's options to a tree. */
export function declare(base: DeclaredSet, options: unknown, file: string): DeclaredSet {
  if (!isAttributes(options)) {
    throw badModule(
      `The options of the module "${file}" must be an attribute set, but are ${showValue(options)}`,
    );
  }
  return extendSet(base, options, file, []);
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
    if (typeof added.type?.merge !== "function") {
      throw badModule(`The option "${showLocation(location)}" in "${file}" is declared without a type`);
    }
    if (base === undefined) return { kind: "option", option: added, files: [file] };
    if (base.kind === "option") return combineOptions(base, added, file, location);
    throw optionAndSet(location, file);
  }
  if (!isAttributes(added)) {
    throw badModule(
      `The option "${showLocation(location)}" in "${file}" must be declared with mkOption, but is ${showValue(added)}`,
    );
  }
  if (base?.kind === "option") throw optionAndSet(location, file);
  return extendSet(base ?? NO_OPTIONS, added, file, location);
}

/** One option that two modules declare: their types must combine, and what one leaves open the other may say. */
function combineOptions(
  base: DeclaredOption,
  added: Option,
  file: string,
  location: Location,
): DeclaredOption {
  const type = base.option.type.combine(added.type);
  const bothSay = (["default", "apply"] as const).some(
    (key) => base.option[key] !== undefined && added[key] !== undefined,
  );
  if (type === undefined || bothSay) {
    const files = [...base.files, file].map((each) => `"${each}"`).join(" and ");
    throw badModule(`The option "${showLocation(location)}" is declared several times, in ${files}`);
  }
  return { kind: "option", option: { ...base.option, ...added, type }, files: [...base.files, file] };
}

function optionAndSet(location: Location, file: string): MicrovmError {
  return badModule(
    `"${showLocation(location)}" is declared both as an option and as a set of options, one of them in "${file}"`,
  );
}
