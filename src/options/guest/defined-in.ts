/** Where something is defined: for faults that are found when the definitions have been merged. */
import { EvaluatedOption } from "../../module-system/index.ts";

/** The options of an evaluation, as modules are given them. */
export type DefinedIn = object;

/** `, in "FILE" and "FILE"`: the files whose definitions of an option have any of these names; nothing when none has. */
export function definedIn(options: DefinedIn, option: string, names: readonly string[]): string {
  const found = option
    .split(".")
    .reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], options);
  if (!(found instanceof EvaluatedOption)) return "";
  const files = found.definitions
    .filter(({ value }) => names.some((name) => typeof value === "object" && value !== null && name in value))
    .map(({ file }) => `"${file}"`);
  return files.length === 0 ? "" : `, in ${[...new Set(files)].join(" and ")}`;
}
