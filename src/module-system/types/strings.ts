/** Types of texts. */
import { mergeEqual } from "./merging.ts";
import { makeType, type OptionType } from "./type.ts";

/** A text. Several definitions must be equal. */
export const str: OptionType<string> = makeType({
  name: "str",
  description: "string",
  check: (value) => typeof value === "string",
  merge: mergeEqual<string>,
  toJsonSchema: () => ({ type: "string" }),
});

/** A text with a character that is no white space. */
export const nonEmptyStr: OptionType<string> = makeType({
  ...restricted("nonEmptyStr", "non-empty string", (value) => value.trim() !== ""),
  toJsonSchema: () => ({ type: "string", pattern: "\\S" }),
});

/** A text that matches the pattern from its start to its end. */
export function strMatching(pattern: RegExp | string): OptionType<string> {
  const { source, flags } = typeof pattern === "string" ? new RegExp(pattern) : pattern;
  const whole = new RegExp(`^(?:${source})$`, flags.replace(/[gy]/g, ""));
  return makeType({
    ...restricted(`strMatching ${source}`, `string matching the pattern ${source}`, (value) =>
      whole.test(value),
    ),
    toJsonSchema: () => ({ type: "string", pattern: `^(?:${source})$` }),
  });
}

/** An absolute path. */
export const path: OptionType<string> = makeType({
  ...restricted("path", "absolute path", (value) => value.startsWith("/") && !value.includes("\0")),
  toJsonSchema: () => ({ type: "string", pattern: "^/" }),
});

/** Texts that are joined with a separator when there are several definitions. */
export function separatedString(separator: string): OptionType<string> {
  return makeType({
    name: `separatedString ${JSON.stringify(separator)}`,
    description:
      separator === "" ? "concatenated string" : `string concatenated with ${JSON.stringify(separator)}`,
    check: (value) => typeof value === "string",
    merge: (_location, definitions) => definitions.map(({ value }) => value).join(separator),
    toJsonSchema: () => ({ type: "string" }),
  });
}

/** Lines of a text; each definition adds some. */
export const lines: OptionType<string> = { ...separatedString("\n"), name: "lines", description: "lines" };

function restricted(name: string, description: string, test: (value: string) => boolean) {
  return {
    name,
    description,
    check: (value: unknown) => typeof value === "string" && test(value),
    merge: mergeEqual<string>,
  };
}
