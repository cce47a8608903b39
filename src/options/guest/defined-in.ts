/** Where something is defined: for faults that are found when the definitions have been merged. */
import { definedNames, EvaluatedOption } from "../../module-system/index.ts";

/** The options of an evaluation, as modules are given them. */
export type DefinedIn = object;

/** `, in "FILE" and "FILE"`: the files whose definitions of an option have any of these names; nothing when none has. */
export function definedIn(options: DefinedIn, option: string, names: readonly string[]): string {
  return definedBy(
    options,
    option,
    (value) => isSet(value) && names.some((name) => Object.hasOwn(value, name)),
  );
}

/** The same for an option that is a list: the files that define an item with this value of a field. */
export function itemDefinedIn(options: DefinedIn, option: string, field: string, value: unknown): string {
  return definedBy(
    options,
    option,
    (items) => Array.isArray(items) && items.some((item) => isSet(item) && item[field] === value),
  );
}

/** The same for any option: the files whose definitions pass the test. */
export function definedBy(options: DefinedIn, option: string, test: (value: unknown) => boolean): string {
  const found = option
    .split(".")
    .reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], options);
  if (!(found instanceof EvaluatedOption)) return "";
  const files = found.definitions.filter(({ value }) => test(value)).map(({ file }) => `"${file}"`);
  return files.length === 0 ? "" : `, in ${[...new Set(files)].join(" and ")}`;
}

/** Files of the program's own modules: `withFile` names them so. */
const OWN = /^src\/options\//;

/**
 * Files of the modules that define something at or below a place, given by its names: a set of options, an option, or
 * a part of its value. Those of the program are left out, unless there is no other.
 */
export function definitionFiles(options: DefinedIn, path: readonly string[]): string[] {
  // Where nobody defines anything there are only defaults, which are the program's.
  const defined = filesBelow(options, path, definedNames);
  const others = defined.filter((file) => !OWN.test(file));
  return [...new Set(others.length > 0 ? others : filesBelow(options, path, Object.keys))];
}

/** `below` says which names of a set are looked at. */
function filesBelow(
  at: unknown,
  [first, ...rest]: readonly string[],
  below: (set: object) => readonly string[],
): string[] {
  if (at instanceof EvaluatedOption) {
    return at.definitions
      .filter(({ value }) => first === undefined || typeof value !== "object" || first in (value ?? {}))
      .map(({ file }) => file);
  }
  if (typeof at !== "object" || at === null) return [];
  const set = at as Readonly<Record<string, unknown>>;
  if (first !== undefined) return filesBelow(set[first], rest, below);
  return below(set).flatMap((name) => filesBelow(set[name], [], below));
}

/** Names as the path of an option: those that are no plain words are quoted. */
export function optionName(path: readonly string[]): string {
  return path.map((part) => (/^[\w@-]+$/.test(part) ? part : JSON.stringify(part))).join(".");
}

function isSet(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
