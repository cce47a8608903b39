import type { OptionType } from "./types/type.ts";

const OPTION: unique symbol = Symbol.for("microvm.option") as never;

/** How an option is declared. `T` is the type of its value, `D` that of its definitions. */
export interface OptionDeclaration<T, D = T> {
  readonly type: OptionType<T, D>;
  /**
   * The value when nobody defines the option. A function is called with the module's arguments when the
   * value is needed, unless the type's values are functions themselves.
   */
  readonly default?: unknown;
  /** What documentation shows instead of a computed default. */
  readonly defaultText?: string;
  readonly example?: unknown;
  readonly description?: string;
  /** Turns the merged value into the one that others read. */
  // biome-ignore lint/suspicious/noExplicitAny: the result type of `apply` is the value type of the option
  readonly apply?: (value: any) => unknown;
  /** At most one definition, the default included. */
  readonly readOnly?: boolean;
  /** Left out of documentation and of the plain configuration. */
  readonly internal?: boolean;
  /** False leaves the option out of documentation. */
  readonly visible?: boolean;
}

/** A declared option. */
export interface Option<T = unknown, D = T> extends OptionDeclaration<T, D> {
  readonly [OPTION]: true;
}

/** Declares an option. */
export function mkOption<T, D = T>(declaration: OptionDeclaration<T, D>): Option<T, D> {
  return { ...declaration, [OPTION]: true };
}

/** Whether a value is a declared option rather than a set of them. */
export function isOption(value: unknown): value is Option {
  return typeof value === "object" && value !== null && Object.hasOwn(value, OPTION);
}
