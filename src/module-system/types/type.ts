import type { MicrovmError } from "../../errors.ts";
import type { DeclaredSet } from "../declarations.ts";
import { wrongType } from "../faults.ts";
import type { Location } from "../location.ts";

/** A JSON Schema. */
export type JsonSchema = { readonly [keyword: string]: unknown };

/** One value given for an option: conditions, priorities and functions are resolved already. */
export interface ResolvedDefinition {
  /** File of the module that gives it. */
  readonly file: string;
  readonly value: unknown;
  readonly priority?: number;
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
  /** The value of an attribute whose definitions all turned out not to count. */
  readonly empty?: { readonly value: T };
  /** Whether one definition fits; parts of it are checked when they are merged. */
  check(value: unknown): boolean;
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

/** What a type must say; the rest follows. */
type TypeSpecification<T, D> = Pick<OptionType<T, D>, "name" | "description" | "check" | "merge"> &
  Partial<OptionType<T, D>>;

/** Makes a type: by default its values are plain data, without nested options, and combine with its equals. */
export function makeType<T, D = T>(specification: TypeSpecification<T, D>): OptionType<T, D> {
  const type: OptionType<T, D> = {
    keepsFunctions: false,
    opaque: false,
    validate: (value, location, report) => {
      if (!type.check(value)) report(wrongType(location, type.description, [{ value, file: RESULT }]));
    },
    toJsonSchema: () => ({}),
    nestedOptions: () => undefined,
    combine: (other) => (isSameType(type, other) ? type : undefined),
    ...specification,
  };
  return type;
}

/** Stands for a file where a value is the result of an evaluation. */
export const RESULT = "the evaluated configuration";

/** A description inside another one: in parentheses when it has several words that could be read apart. */
export function inner(type: AnyType): string {
  return /\bor\b/.test(type.description) ? `(${type.description})` : type.description;
}

/** Combines two types of one kind by combining the types of their parts. */
export function combineElements(
  kind: string,
  element: AnyType,
  other: AnyType,
  make: (element: AnyType) => AnyType,
): AnyType | undefined {
  if (other.name !== kind || !other.element) return undefined;
  const combined = element.combine(other.element);
  return combined && make(combined);
}

function isSameType(type: AnyType, other: AnyType): boolean {
  return type === other || (type.name === other.name && type.description === other.description);
}
