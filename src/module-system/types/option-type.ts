import { conflict } from "../faults.ts";
import { type AnyType, makeType, type OptionType } from "./type.ts";

/** A type of options; several definitions are combined as when one option is declared with each. */
export const optionType: OptionType<AnyType> = makeType({
  name: "optionType",
  description: "option type",
  opaque: true,
  check: isType,
  merge: (location, definitions) => {
    const [first, ...rest] = definitions.map(({ value }) => value as AnyType);
    return rest.reduce((combined, type) => {
      const both = combined.combine(type);
      if (both) return both;
      const shown = definitions.map(({ value, file }) => ({ value: (value as AnyType).description, file }));
      throw conflict(location, shown);
    }, first!);
  },
  validate: () => {},
});

/** Whether a value is a type of options. */
export function isType(value: unknown): value is AnyType {
  if (typeof value !== "object" || value === null) return false;
  const { merge, check, combine } = value as Partial<AnyType>;
  return [merge, check, combine].every((method) => typeof method === "function");
}
