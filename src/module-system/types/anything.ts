import { isAttributes } from "../attributes.ts";
import { wrongType } from "../faults.ts";
import { attrsOf } from "./attribute-sets.ts";
import { listOf } from "./lists.ts";
import { mergeEqual } from "./merging.ts";
import { makeType, type OptionType, RESULT } from "./type.ts";

/**
 * Any plain data. Attribute sets merge name by name, everything else must be equal in all definitions.
 */
// biome-ignore lint/suspicious/noExplicitAny: that is what the type says
export const anything: OptionType<any> = makeType({
  name: "anything",
  description: "anything",
  check: isPlain,
  merge: (location, definitions, context) => {
    if (definitions.every(({ value }) => isAttributes(value))) {
      return attrsOf(anything).merge(location, definitions, context);
    }
    if (!definitions.every(({ value }) => Array.isArray(value))) return mergeEqual(location, definitions);
    const lists = definitions.map((each) => ({
      ...each,
      value: listOf(anything).merge(location, [each], context),
    }));
    return mergeEqual(location, lists);
  },
  validate: (value, location, report, context) => {
    if (Array.isArray(value)) listOf(anything).validate(value, location, report, context);
    else if (isAttributes(value)) attrsOf(anything).validate(value, location, report, context);
    else if (!isPlain(value)) report(wrongType(location, "anything", [{ value, file: RESULT }]));
  },
});

/** Whether JSON can say it, its parts aside. */
function isPlain(value: unknown): boolean {
  if (value === null || typeof value === "string" || typeof value === "boolean") return true;
  if (typeof value === "number") return Number.isFinite(value);
  return Array.isArray(value) || isAttributes(value);
}
