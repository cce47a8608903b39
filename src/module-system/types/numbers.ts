/** Types of numbers. */
import { mergeEqual } from "./merging.ts";
import { makeType, type OptionType } from "./type.ts";

/** Any integer that JSON keeps exactly. */
export const int: OptionType<number> = integer("int", "integer", -Infinity, Infinity);

/** Integers within limits. */
export const ints = {
  /** 0 or more. */
  unsigned: integer("unsignedInt", "unsigned integer, meaning >=0", 0, Infinity),
  /** 1 or more. */
  positive: integer("positiveInt", "positive integer, meaning >0", 1, Infinity),
  /** Both limits included. */
  between: (lowest: number, highest: number): OptionType<number> =>
    integer("intBetween", `integer between ${lowest} and ${highest} (both inclusive)`, lowest, highest),
} as const;

/** A TCP or UDP port. */
export const port: OptionType<number> = integer(
  "port",
  "16 bit unsigned integer; between 0 and 65535 (both inclusive)",
  0,
  65535,
);

/** An integer or a fraction; neither infinite nor NaN. */
export const number: OptionType<number> = makeType({
  name: "number",
  description: "number",
  check: (value) => typeof value === "number" && Number.isFinite(value),
  merge: mergeEqual<number>,
  toJsonSchema: () => ({ type: "number" }),
});

function integer(name: string, description: string, lowest: number, highest: number): OptionType<number> {
  return makeType({
    name,
    description,
    check: (value) => Number.isSafeInteger(value) && Number(value) >= lowest && Number(value) <= highest,
    merge: mergeEqual<number>,
    toJsonSchema: () => ({
      type: "integer",
      ...(Number.isFinite(lowest) && { minimum: lowest }),
      ...(Number.isFinite(highest) && { maximum: highest }),
    }),
  });
}
