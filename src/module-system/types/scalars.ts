/** Types of values without parts, except texts and numbers. */
import { isAttributes } from "../attributes.ts";
import { mergeEqual, mergeOne } from "./merging.ts";
import { makeType, type OptionType } from "./type.ts";

/** True or false. */
export const bool: OptionType<boolean> = makeType({
  name: "bool",
  description: "boolean",
  check: (value) => typeof value === "boolean",
  merge: mergeEqual<boolean>,
  toJsonSchema: () => ({ type: "boolean" }),
});

/** True when any definition is. */
export const boolByOr: OptionType<boolean> = makeType({
  name: "boolByOr",
  description: "boolean (merged using or)",
  check: (value) => typeof value === "boolean",
  merge: (_location, definitions) => definitions.some(({ value }) => value === true),
  toJsonSchema: () => ({ type: "boolean" }),
});

/** One of some values. Two declarations of the same option allow the values of both. */
export function enumOf<const T extends string | number | boolean | null>(
  values: readonly T[],
): OptionType<T> {
  const shown = values.map((value) => JSON.stringify(value)).join(", ");
  const type: OptionType<T> = makeType<T>({
    name: "enum",
    description: values.length === 1 ? `value ${shown} (the only one)` : `one of ${shown}`,
    check: (value) => (values as readonly unknown[]).includes(value),
    merge: mergeEqual<T>,
    toJsonSchema: () => ({ enum: values }),
    combine: (other) => {
      const others = enumValues.get(other);
      return others && enumOf([...new Set([...values, ...others])] as T[]);
    },
  });
  enumValues.set(type, values);
  return type;
}

const enumValues = new WeakMap<object, readonly unknown[]>();

/** Any value as it is, defined once; it is left out of the plain configuration. */
// biome-ignore lint/suspicious/noExplicitAny: a raw value may be anything
export const raw: OptionType<any> = makeType({
  name: "raw",
  description: "raw value",
  opaque: true,
  check: () => true,
  merge: mergeOne,
  validate: () => {},
});

/** A package: its name in the guest's package set, or an attribute set that has a `name`. */
export type Package = string | { readonly name: string; readonly [key: string]: unknown };

/** A package of the guest's package set. */
const packageType: OptionType<Package> = makeType({
  name: "package",
  description: "package",
  check: (value) =>
    (typeof value === "string" && value !== "") || (isAttributes(value) && typeof value.name === "string"),
  merge: mergeEqual<Package>,
  toJsonSchema: () => ({
    anyOf: [
      { type: "string", minLength: 1 },
      { type: "object", required: ["name"] },
    ],
  }),
});

export { packageType as package };
