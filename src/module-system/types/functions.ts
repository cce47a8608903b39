/** Types whose values are functions or modules. */
import { isAttributes } from "../attributes.ts";
import { mergeDefinitions } from "../definitions.ts";
import { notDefined, threw } from "../faults.ts";
import { isLocated, withFile } from "../located.ts";
import { showLocation } from "../location.ts";
import { combineElements, inner, makeType, type OptionType } from "./type.ts";

/** A function; the results of several definitions merge as the type says. */
export function functionTo<T, D>(
  result: OptionType<T, D>,
): OptionType<(argument?: unknown) => T, (...args: never[]) => D> {
  return makeType<(argument?: unknown) => T, (...args: never[]) => D>({
    name: "functionTo",
    description: `function that evaluates to ${inner(result)}`,
    keepsFunctions: true,
    opaque: true,
    element: result,
    check: (value) => typeof value === "function",
    merge: (location, definitions, context) => (argument) => {
      const results = definitions.map(({ value, file }) => {
        try {
          return { file, value: (value as (argument: unknown) => unknown)(argument) };
        } catch (error) {
          throw threw(`The function "${showLocation(location)}"`, file, error);
        }
      });
      const merged = mergeDefinitions(location, result, results, context);
      if (!merged) throw notDefined(location, context.declaredIn ?? []);
      return merged.value;
    },
    validate: () => {},
    combine: (other) => combineElements("functionTo", result, other, functionTo),
  });
}

/** A module that is evaluated somewhere else; several definitions are one module that imports them all. */
// biome-ignore lint/suspicious/noExplicitAny: any module may be defined here
export const deferredModule: OptionType<{ readonly imports: readonly unknown[] }, any> = makeType({
  name: "deferredModule",
  description: "module",
  keepsFunctions: true,
  opaque: true,
  check: (value) =>
    typeof value === "function" || typeof value === "string" || isLocated(value) || isAttributes(value),
  merge: (_location, definitions) => ({
    imports: definitions.map(({ value, file }) => withFile(file, value)),
  }),
  validate: () => {},
});
