/** Types that are made of other types' alternatives. */
import type { MicrovmError } from "../../errors.ts";
import { mergeResolved } from "../definitions.ts";
import { conflict, wrongType } from "../faults.ts";
import { mergeOne } from "./merging.ts";
import { type AnyType, combineElements, inner, makeType, type OptionType, RESULT } from "./type.ts";

/** Null, or a value of the type. */
export function nullOr<T, D>(element: OptionType<T, D>): OptionType<T | null, D | null> {
  return makeType<T | null, D | null>({
    name: "nullOr",
    description: `null or ${inner(element)}`,
    keepsFunctions: element.keepsFunctions,
    opaque: element.opaque,
    empty: { value: null },
    element,
    check: (value) => value === null || element.check(value),
    explain: (location, wrong) => element.explain?.(location, wrong),
    merge: (location, definitions, context) => {
      const nulls = definitions.filter(({ value }) => value === null).length;
      if (nulls === definitions.length) return null;
      if (nulls > 0) throw conflict(location, definitions);
      return element.merge(location, definitions, context);
    },
    validate: (value, location, report, context) => {
      if (value !== null) element.validate(value, location, report, context);
    },
    toJsonSchema: (context) => ({ anyOf: [{ type: "null" }, element.toJsonSchema(context)] }),
    nestedOptions: (location, context) => element.nestedOptions(location, context),
    combine: (other) => combineElements("nullOr", element, other, nullOr),
  });
}

/** A value of one type or of the other; the first that fits all definitions merges them. */
export function either<A, DA, B, DB>(
  first: OptionType<A, DA>,
  second: OptionType<B, DB>,
): OptionType<A | B, DA | DB> {
  const alternatives: readonly AnyType[] = [first, second];
  const type: OptionType<A | B, DA | DB> = makeType<A | B, DA | DB>({
    name: "either",
    description: `${first.description} or ${second.description}`,
    keepsFunctions: first.keepsFunctions || second.keepsFunctions,
    opaque: first.opaque || second.opaque,
    check: (value) => first.check(value) || second.check(value),
    merge: (location, definitions, context) => {
      const fitting = alternatives.find((type) => definitions.every(({ value }) => type.check(value)));
      return fitting ? fitting.merge(location, definitions, context) : mergeOne(location, definitions);
    },
    validate: (value, location, report, context) => {
      const fits = alternatives.some((type) => {
        if (!type.check(value)) return false;
        const faults: MicrovmError[] = [];
        type.validate(value, location, (fault) => faults.push(fault), context);
        return faults.length === 0;
      });
      if (fits) return;
      report(wrongType(location, `${first.description} or ${second.description}`, [{ value, file: RESULT }]));
    },
    toJsonSchema: (context) => ({ anyOf: [first.toJsonSchema(context), second.toJsonSchema(context)] }),
    nestedOptions: (location, context) =>
      first.nestedOptions(location, context) ?? second.nestedOptions(location, context),
    combine: (other) => {
      const others = alternativesOf.get(other);
      const combined = others && [first.combine(others[0]), second.combine(others[1])];
      return combined?.[0] && combined[1] && either(combined[0], combined[1]);
    },
  });
  alternativesOf.set(type, [first, second]);
  return type;
}

const alternativesOf = new WeakMap<object, readonly [AnyType, AnyType]>();

type ValueOf<T> = T extends OptionType<infer V, infer _D> ? V : never;
type DefinitionOf<T> = T extends OptionType<infer _V, infer D> ? D : never;

/** A value of any of the types. */
export function oneOf<const T extends readonly [AnyType, ...AnyType[]]>(
  alternatives: T,
): OptionType<ValueOf<T[number]>, DefinitionOf<T[number]>> {
  const [first, ...rest] = alternatives;
  return rest.reduce<AnyType>((union, type) => either(union, type), first);
}

/** A value of the type that only one module may define. */
export function uniq<T, D>(element: OptionType<T, D>): OptionType<T, D> {
  return unique({}, element);
}

/** `uniq` with a reason, which is the hint when several modules define the value. */
export function unique<T, D>(
  { message }: { readonly message?: string },
  element: OptionType<T, D>,
): OptionType<T, D> {
  return makeType<T, D>({
    ...element,
    name: "uniq",
    element,
    merge: (location, definitions, context) => {
      if (definitions.length > 1) throw conflict(location, definitions, message);
      return element.merge(location, definitions, context);
    },
    combine: (other) =>
      combineElements("uniq", element, other, (combined) => unique(message ? { message } : {}, combined)),
  });
}

/** A value of the type, or of another one that a function turns into it. */
export function coercedTo<F, DF, T, D>(
  from: OptionType<F, DF>,
  coerce: (value: F) => unknown,
  to: OptionType<T, D>,
): OptionType<T, D | DF> {
  const type: OptionType<T, D | DF> = makeType<T, D | DF>({
    ...(to as AnyType),
    name: "coercedTo",
    description: `${to.description} or ${from.description} convertible to it`,
    check: (value) => from.check(value) || to.check(value),
    merge: (location, definitions, context) => {
      const coerced = definitions.map((definition) =>
        from.check(definition.value)
          ? { ...definition, value: coerce(from.merge(location, [definition], context)) }
          : definition,
      );
      return mergeResolved(location, to, coerced, context);
    },
    toJsonSchema: (context) => ({ anyOf: [from.toJsonSchema(context), to.toJsonSchema(context)] }),
    combine: (other) => (other === type ? type : undefined),
  });
  return type;
}

/** A type with one more condition on what a definition must be. `description` says it in words. */
export function addCheck<T, D>(
  type: OptionType<T, D>,
  check: (value: never) => boolean,
  description = `${type.description} with a condition`,
): OptionType<T, D> {
  const checked: OptionType<T, D> = makeType<T, D>({
    ...type,
    description,
    check: (value) => type.check(value) && check(value as never),
    combine: (other) => (other === checked ? checked : undefined),
  });
  return checked;
}
