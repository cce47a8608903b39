import { OPTION, type Option, type OptionDeclaration } from "./model.ts";

export type { Option, OptionDeclaration } from "./model.ts";

/** Declares an option. */
export function mkOption<T, D = T>(declaration: OptionDeclaration<T, D>): Option<T, D> {
  return { ...declaration, [OPTION]: true };
}

/** Whether a value is a declared option rather than a set of them. */
export function isOption(value: unknown): value is Option {
  return typeof value === "object" && value !== null && Object.hasOwn(value, OPTION);
}
