/** Static types that follow from declared options. */
import type { Option } from "./option.ts";
import type { Conditional, Merged, Ordered, Overriding } from "./wrappers.ts";

/** The type of the merged configuration of a tree of options. */
export type InferConfig<O> = {
  readonly [K in keyof O]: O[K] extends Option<infer T, infer _D> ? T : InferConfig<O[K]>;
};

/** The type of complete definitions for a tree of options; `Definition` makes it what a module may say. */
export type InferDefinitions<O> = {
  readonly [K in keyof O]: O[K] extends Option<infer _T, infer D> ? D : InferDefinitions<O[K]>;
};

/** A definition of a value of type `T`: any part may be left out, wrapped, or a function to call for it. */
export type Definition<T> =
  | Bare<T>
  | Conditional<Definition<T>>
  | Merged<Definition<T>>
  | Overriding<Definition<T>>
  | Ordered<Definition<T>>
  | (() => Definition<T>);

type Bare<T> = T extends string | number | boolean | null | undefined
  ? T
  : T extends (...args: never[]) => unknown
    ? T
    : T extends readonly (infer E)[]
      ? readonly Definition<E>[]
      : T extends object
        ? { readonly [K in keyof T]?: Definition<T[K]> }
        : T;
