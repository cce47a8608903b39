/** Types of attribute sets whose names are free and whose values have one type. */
import { type Attributes, getAttribute, isAttributes, lazyObject, setAttribute } from "../attributes.ts";
import { type Definition, mergeResolved, resolveDefinitions } from "../definitions.ts";
import { notDefined, whileEvaluating, wrongType } from "../faults.ts";
import type { Location } from "../location.ts";
import { type Frame, inFrame } from "../recursion.ts";
import {
  type AnyType,
  combineElements,
  type EvaluationContext,
  inner,
  makeType,
  type OptionType,
  RESULT,
  type ResolvedDefinition,
  type ValueType,
} from "./type.ts";

/** An attribute set with values of one type. Each value is evaluated when it is read. */
export function attrsOf<T, D>(
  value: OptionType<T, D>,
): OptionType<{ readonly [name: string]: T }, { readonly [name: string]: D }> {
  return attributesType("attrsOf", "attribute set of", value, false);
}

/**
 * `attrsOf` whose names do not depend on conditions: a name whose definitions all turn out not to count
 * stays, with the empty value of its type.
 */
export function lazyAttrsOf<T, D>(
  value: OptionType<T, D>,
): OptionType<{ readonly [name: string]: T }, { readonly [name: string]: D }> {
  return attributesType("lazyAttrsOf", "lazy attribute set of", value, true);
}

function attributesType<T, D>(
  name: string,
  words: string,
  element: OptionType<T, D>,
  keepsNames: boolean,
): OptionType<{ readonly [name: string]: T }, { readonly [name: string]: D }> {
  return makeType<{ readonly [name: string]: T }, { readonly [name: string]: D }>({
    name,
    description: `${words} ${inner(element)}`,
    opaque: element.opaque,
    empty: { value: {} },
    element,
    check: isAttributes,
    merge: (location, definitions, context) => {
      const byName = groupByName(definitions);
      return (
        mergeNow(byName, location, element, context) ??
        mergeLater(byName, location, element, context, keepsNames)
      );
    },
    validate: (value, location, report, context) => {
      if (!isAttributes(value)) report(wrongType(location, "attribute set", [{ value, file: RESULT }]));
      else
        for (const key of Object.keys(value))
          element.validate(value[key], [...location, key], report, context);
    },
    toJsonSchema: (context) => ({ type: "object", additionalProperties: element.toJsonSchema(context) }),
    nestedOptions: (location, context) => element.nestedOptions([...location, "<name>"], context),
    combine: (other) =>
      combineElements(name, element, other, (part) => attributesType(name, words, part, keepsNames)),
  });
}

type ByName = ReadonlyMap<string, readonly Definition[]>;

function groupByName(definitions: readonly ResolvedDefinition[]): ByName {
  const byName = new Map<string, Definition[]>();
  for (const { value, file } of definitions) {
    for (const name of Object.keys(value as Attributes)) {
      const definition = { file, value: getAttribute(value as Attributes, name) };
      const others = byName.get(name);
      if (others) others.push(definition);
      else byName.set(name, [definition]);
    }
  }
  return byName;
}

/** The quick way for sets of literals that fit: nothing about them can wait. */
function mergeNow<T>(
  byName: ByName,
  location: Location,
  element: ValueType<T>,
  context: EvaluationContext,
): { readonly [name: string]: T } | undefined {
  const merged = {};
  for (const [name, definitions] of byName) {
    const { value } = definitions[0]!;
    const isLiteral = typeof value !== "object" && typeof value !== "function";
    if (definitions.length > 1 || !isLiteral || !element.check(value)) return undefined;
    setAttribute(merged, name, element.merge([...location, name], definitions, context));
  }
  return Object.freeze(merged);
}

/** One value of a set, and what of it is known. */
interface Entry extends Frame {
  readonly definitions: readonly Definition[];
  resolved?: readonly ResolvedDefinition[];
  value?: { readonly value: unknown };
  error?: Error;
}

function mergeLater<T>(
  byName: ByName,
  location: Location,
  element: ValueType<T>,
  context: EvaluationContext,
  keepsNames: boolean,
): { readonly [name: string]: T } {
  const entries = new Map<string, Entry>();
  for (const [name, definitions] of byName) {
    entries.set(name, { location: [...location, name], definitions, active: false });
  }
  const has = (name: string) => {
    const entry = entries.get(name);
    return entry !== undefined && (keepsNames || isCertain(entry) || resolvedOf(entry, element).length > 0);
  };
  return lazyObject({
    names: () => [...entries.keys()].filter(has),
    has,
    get: (name) => entryValue(entries.get(name)!, element, context),
  }) as { readonly [name: string]: T };
}

/** Whether a definition counts whatever the conditions are. */
function isCertain(entry: Entry): boolean {
  return entry.definitions.some(({ value }) => {
    if (typeof value === "object" && value !== null) return Object.getOwnPropertySymbols(value).length === 0;
    return typeof value !== "function";
  });
}

function resolvedOf(entry: Entry, element: AnyType): readonly ResolvedDefinition[] {
  entry.resolved ??= once(
    entry,
    () => resolveDefinitions(entry.location, element, entry.definitions),
    () => resolvedOf(entry, element),
  );
  return entry.resolved;
}

function entryValue(entry: Entry, element: AnyType, context: EvaluationContext): unknown {
  if (entry.value) return entry.value.value;
  const resolved = resolvedOf(entry, element);
  const evaluate = () => {
    const { location, definitions } = entry;
    if (resolved.length > 0) return { value: mergeResolved(location, element, resolved, context) };
    if (!element.empty) throw notDefined(location, context.declaredIn ?? []);
    const empty = { value: element.empty.value, file: definitions[0]!.file };
    return { value: mergeResolved(location, element, [empty], context) };
  };
  entry.value = once(entry, evaluate, () => entryValue(entry, element, context));
  return entry.value.value;
}

/** Evaluates a part of an entry; a fault is kept and thrown again. */
function once<T>(entry: Entry, evaluate: () => T, resume: () => unknown): T {
  if (entry.error) throw entry.error;
  try {
    return inFrame(entry, evaluate, resume);
  } catch (error) {
    entry.error = whileEvaluating(entry.location, entry.definitions[0]!.file, error);
    throw entry.error;
  }
}
