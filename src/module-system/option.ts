import { OPTION, type Option, type OptionDeclaration, type WithoutDefault } from "./model.ts";

export type { Option, OptionDeclaration, WithoutDefault } from "./model.ts";

/** Declares an option. */
export function mkOption<T, D = T>(
  declaration: OptionDeclaration<T, D> & { readonly default: unknown },
): Option<T, D>;
export function mkOption<T, D = T>(declaration: OptionDeclaration<T, D>): Option<T, D> & WithoutDefault;
export function mkOption<T, D = T>(declaration: OptionDeclaration<T, D>): Option<T, D> {
  return { ...declaration, [OPTION]: true };
}

/** Whether a value is a declared option rather than a set of them. */
export function isOption(value: unknown): value is Option {
  return typeof value === "object" && value !== null && Object.hasOwn(value, OPTION);
}
