/** What options, their types and trees of them are. */
import type { MicrovmError } from "../errors.ts";
import { declaringFiles } from "./declaring-files.ts";
import type { Location } from "./location.ts";

/** Marks declared options. */
export const OPTION: unique symbol = Symbol.for("microvm.option") as never;

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

declare const NO_DEFAULT: unique symbol;

/** What the type checker knows of an option without a default: somebody must define it. */
export interface WithoutDefault {
  readonly [NO_DEFAULT]: true;
}

/** A set of declared options, by name. */
export interface DeclaredSet {
  readonly kind: "set";
  readonly children: ReadonlyMap<string, DeclaredSet | DeclaredOption>;
}

/** One declared option and the files that declare it. */
export interface DeclaredOption {
  readonly kind: "option";
  readonly option: Option;
  readonly files: readonly string[];
}

/** A JSON Schema. */
export type JsonSchema = { readonly [keyword: string]: unknown };

/** One value given for an option: conditions, priorities and functions are resolved already. */
export interface ResolvedDefinition {
  /** File of the module that gives it. */
  readonly file: string;
  readonly value: unknown;
  readonly priority?: number;
  readonly order?: number;
}

/** Loads a module that another one imports by path; gives the module and the file it is in. */
export type ImportModule = (
  path: string,
  from: string,
) => { readonly module: unknown; readonly file: string };

/** What every evaluation below another one inherits. */
export interface EvaluationContext {
  /** The argument `lib` of module functions. */
  readonly lib: unknown;
  readonly importModule?: ImportModule;
  /** Files that declare the option whose value is being made. */
  readonly declaredIn?: readonly string[];
}

/** What the value of an option is made in: evaluations within it are in the files that declare the option. */
export function contextWithin(context: EvaluationContext, files: readonly string[]): EvaluationContext {
  return { ...context, declaredIn: declaringFiles(files, context.declaredIn ?? []) };
}

/** Takes a fault, so that a check can go on to the next. */
export type Report = (fault: MicrovmError) => void;

/**
 * A type of options: what a definition must be and how several become one value. `T` is the type of the
 * value, `D` of its definitions.
 */
export interface OptionType<T = unknown, D = T> {
  readonly name: string;
  /** The type in words, as messages and documentation say it. */
  readonly description: string;
  /** Functions are values of this type, so a definition that is one is never called to get the value. */
  readonly keepsFunctions: boolean;
  /** The value is no plain data and is left out of the plain configuration. */
  readonly opaque: boolean;
  /** The definition of an attribute whose own definitions all turned out not to count. */
  readonly empty?: { readonly value: unknown };
  /** Whether one definition fits; parts of it are checked when they are merged. */
  check(value: unknown): boolean;
  /** Says better than the type's description why definitions do not fit, where that can be said. */
  explain?(location: Location, wrong: readonly ResolvedDefinition[]): MicrovmError | undefined;
  /** One value of at least one definition, each of which fits. Throws a fault when they exclude each other. */
  merge(location: Location, definitions: readonly ResolvedDefinition[], context: EvaluationContext): T;
  /** Checks a merged plain value in depth. */
  validate(value: unknown, location: Location, report: Report, context: EvaluationContext): void;
  toJsonSchema(context: EvaluationContext): JsonSchema;
  /** The options that values of this type have, and the location they are documented at. */
  nestedOptions(
    location: Location,
    context: EvaluationContext,
  ): { readonly location: Location; readonly declared: DeclaredSet } | undefined;
  /** The type of an option that is declared with this type and with the other, or undefined if none is both. */
  combine(other: AnyType): AnyType | undefined;
  /** The type with more options, where its values are sets of them. */
  nest?(options: unknown, file: string): AnyType;
  /** The type of the parts, where all parts have one. */
  readonly element?: AnyType;
  /** Never there; carries the type of definitions. */
  readonly definition?: D;
}

/** A type of whatever values. */
// biome-ignore lint/suspicious/noExplicitAny: the types of values and definitions are of no account here
export type AnyType = OptionType<any, any>;

/** A type of such values, however they are defined. */
// biome-ignore lint/suspicious/noExplicitAny: the type of definitions is of no account here
export type ValueType<T> = OptionType<T, any>;
