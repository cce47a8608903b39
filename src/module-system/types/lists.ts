/** Types of lists. */
import { MicrovmError } from "../../errors.ts";
import { mergeDefinitions } from "../definitions.ts";
import { combineFaults, wrongType } from "../faults.ts";
import type { Location } from "../location.ts";
import { keepsOne } from "./merging.ts";
import {
  type AnyType,
  combineElements,
  type EvaluationContext,
  inner,
  makeType,
  type OptionType,
  RESULT,
  type Report,
  type ResolvedDefinition,
  type ValueType,
} from "./type.ts";

/** A list; the entries of all definitions follow each other. */
export function listOf<T, D>(entry: OptionType<T, D>): OptionType<readonly T[], readonly D[]> {
  return makeType<readonly T[], readonly D[]>({
    name: "listOf",
    description: `list of ${inner(entry)}`,
    opaque: entry.opaque,
    empty: { value: [] },
    check: Array.isArray,
    merge: (location, definitions, context) => mergeLists(entry, location, definitions, context),
    validate: (value, location, report, context) => validateList(entry, value, location, report, context),
    toJsonSchema: (context) => ({ type: "array", items: entry.toJsonSchema(context) }),
    nestedOptions: (location, context) => entry.nestedOptions([...location, "*"], context),
    element: entry,
    combine: (other) => combineElements("listOf", entry, other, listOf),
  });
}

/** A list with at least one entry. */
export function nonEmptyListOf<T, D>(entry: OptionType<T, D>): OptionType<readonly T[], readonly D[]> {
  const { empty: _empty, ...list } = listOf(entry);
  return makeType<readonly T[], readonly D[]>({
    ...list,
    name: "nonEmptyListOf",
    description: `non-empty ${list.description}`,
    check: (value) => Array.isArray(value) && value.length > 0,
    toJsonSchema: (context) => ({ ...list.toJsonSchema(context), minItems: 1 }),
    combine: (other) => combineElements("nonEmptyListOf", entry, other, nonEmptyListOf),
  });
}

function mergeLists<T>(
  entry: ValueType<T>,
  location: Location,
  definitions: readonly ResolvedDefinition[],
  context: EvaluationContext,
): readonly T[] {
  const merged: T[] = [];
  const faults: MicrovmError[] = [];
  let index = 0;
  const isKept = keepsOne(entry);
  for (const { value, file } of definitions) {
    for (const given of value as readonly unknown[]) {
      if (isKept && typeof given !== "object" && typeof given !== "function" && entry.check(given)) {
        index++;
        merged.push(given as T);
        continue;
      }
      try {
        const result = mergeDefinitions([...location, index++], entry, [{ file, value: given }], context);
        if (result) merged.push(result.value);
      } catch (error) {
        if (!(error instanceof MicrovmError)) throw error;
        faults.push(error);
      }
    }
  }
  if (faults.length > 0) throw combineFaults(faults);
  return Object.freeze(merged);
}

function validateList(
  entry: AnyType,
  value: unknown,
  location: Location,
  report: Report,
  context: EvaluationContext,
): void {
  if (Array.isArray(value)) {
    for (const [index, each] of value.entries()) entry.validate(each, [...location, index], report, context);
  } else report(wrongType(location, "list", [{ value, file: RESULT }]));
}
