import { wrongType } from "../faults.ts";
import type { AnyType, OptionType } from "../model.ts";

export type {
  AnyType,
  EvaluationContext,
  ImportModule,
  JsonSchema,
  OptionType,
  Report,
  ResolvedDefinition,
  ValueType,
} from "../model.ts";

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
