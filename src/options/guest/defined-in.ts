/** Where something is defined: for faults that are found when the definitions have been merged. */
import { EvaluatedOption } from "../../module-system/index.ts";

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

function isSet(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
