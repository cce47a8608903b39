/** Static types that follow from declared options. */
import type { Option, WithoutDefault } from "./option.ts";
import type { Conditional, Forwarded, Merged, Ordered, Overriding } from "./wrappers.ts";

/** The type of the merged configuration of a tree of options. */
export type InferConfig<O> = {
  readonly [K in keyof O]: O[K] extends Option<infer T, infer _D> ? T : InferConfig<O[K]>;
};

/** The type of complete definitions for a tree of options; `Definition` makes it what a module may say. */
export type InferDefinitions<O> = {
  readonly [K in keyof O]: O[K] extends Option<infer _T, infer D> ? D : InferDefinitions<O[K]>;
};

declare const NEEDED: unique symbol;

/** The value of a submodule; it also says, to the type checker alone, which of its options have no default. */
export type SubmoduleConfig<O> = InferConfig<O> & {
  readonly [NEEDED]?: { [K in keyof O]: O[K] extends WithoutDefault ? K : never }[keyof O];
};

declare const WHOLE: unique symbol;

/** The value of a submodule whose definitions are whole modules; they may be given by path. */
export type WholeSubmodule<O> = SubmoduleConfig<O> & { readonly [WHOLE]?: true };

declare const TAGS: unique symbol;

/** A value with exactly one of the attributes of `M`; it also says, to the type checker alone, which there are. */
export type Tagged<M> = {
  [K in keyof M]: { readonly [P in K]: M[P] } & { readonly [TAGS]?: M };
}[keyof M];

/** A definition of a value of type `T`: any part may be left out, wrapped, or a function to call for it. */
export type Definition<T> =
  | Bare<T>
  | Conditional<Definition<T>>
  | Merged<Definition<T>>
  | Overriding<Definition<T>>
  | Ordered<Definition<T>>
  | Forwarded<Definition<T>>
  | Called<T>;

/** A function to call for the definition. A submodule's may be a module function, which is given arguments. */
type Called<T> =
  typeof NEEDED extends NamesIn<T>
    ? (args: SubmoduleArguments<T & object>) => Definition<T> | SubmoduleModule<T>
    : () => Definition<T>;

type NamesIn<T> = T extends object ? keyof T : never;

/** What a module function that defines a submodule is called with; `specialArgs` of its type add to it. */
interface SubmoduleArguments<T> {
  readonly config: T;
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the type says in specialArgs
  readonly [argument: string]: any;
}

interface SubmoduleModule<T> {
  readonly imports?: readonly unknown[];
  readonly options?: object;
  readonly config?: Definition<T>;
}

type Bare<T> = T extends string | number | boolean | null | undefined
  ? T
  : T extends (...args: never[]) => unknown
    ? T
    : T extends readonly (infer E)[]
      ? readonly Entry<E>[]
      : T extends object
        ? typeof TAGS extends keyof T
          ? OneOf<Exclude<T[typeof TAGS], undefined>>
          : typeof WHOLE extends keyof T
            ? Parts<T> | SubmoduleModule<T> | ModulePath
            : Parts<T>
        : T;

type ModulePath = `/${string}` | `./${string}` | `../${string}`;

/** Exactly one of the attributes. */
type OneOf<M> = {
  [K in keyof M]: { readonly [P in K]: Definition<M[P]> } & { readonly [P in Exclude<keyof M, K>]?: never };
}[keyof M];

type Parts<T> = {
  readonly [K in keyof T as K extends typeof NEEDED | typeof WHOLE ? never : K]?: Definition<T[K]>;
};

/** An entry of a list. It merges with no other definition, so what its submodule needs must be there. */
type Entry<E> = E extends Submodule | AnyTagged
  ?
      | Complete<E>
      | Conditional<Entry<E>>
      | Merged<Definition<E>>
      | Overriding<Entry<E>>
      | Ordered<Entry<E>>
      | Forwarded<Entry<E>>
      | (() => Entry<E>)
  : Definition<E>;

type Complete<E> = typeof TAGS extends keyof E
  ? OneOfEntries<Exclude<E[typeof TAGS], undefined>>
  : Parts<E> & { readonly [K in Needed<E> & keyof E]-?: Definition<E[K]> };

/** Exactly one of the attributes, with all that it needs. */
type OneOfEntries<M> = {
  [K in keyof M]: { readonly [P in K]: Entry<M[P]> } & { readonly [P in Exclude<keyof M, K>]?: never };
}[keyof M];

type AnyTagged = { readonly [TAGS]?: unknown };

type Submodule = { readonly [NEEDED]?: PropertyKey };

type Needed<E> = typeof NEEDED extends keyof E ? Exclude<E[typeof NEEDED], undefined> : never;
