/** The tagged union: attribute sets with exactly one of several options. */
import { isAttributes } from "../attributes.ts";
import { combineIfPossible } from "../declarations.ts";
import { SUBMODULE } from "../declaring-files.ts";
import { optionsOf } from "../evaluated-options.ts";
import { configOf } from "../evaluation.ts";
import { badModule, severalTags, unknownOption, wrongType } from "../faults.ts";
import type { InferConfig, InferDefinitions, Tagged } from "../infer.ts";
import type { Location } from "../location.ts";
import type { DeclaredOption, DeclaredSet, Option } from "../model.ts";
import { isOption } from "../option.ts";
import { startEvaluation } from "../start.ts";
import { isPlainOption, schemaOf, validateSet } from "../validate.ts";
import {
  type AnyType,
  type EvaluationContext,
  makeType,
  type OptionType,
  RESULT,
  type ResolvedDefinition,
} from "./type.ts";

type Tags = ReadonlyMap<string, DeclaredOption>;

/**
 * An attribute set with exactly one attribute, whose name is one of the tags and whose value is that of the
 * tag's option. All definitions must have the same tag.
 */
export function attrTag<const O extends { readonly [tag: string]: Option<unknown, unknown> }>(
  tags: O,
): OptionType<Tagged<InferConfig<O>>, Tagged<InferDefinitions<O>>>;
export function attrTag(tags: { readonly [tag: string]: unknown }): AnyType {
  const declared = Object.entries(tags).map(([tag, option]) => [tag, declaredTag(tag, option)] as const);
  return makeTagged(new Map(declared));
}

function declaredTag(tag: string, option: unknown): DeclaredOption {
  if (isOption(option)) return { kind: "option", option, files: [SUBMODULE] };
  throw badModule(`The tag "${tag}" of types.attrTag must be declared with mkOption`);
}

const tagsOf = new WeakMap<object, Tags>();

function makeTagged(tags: Tags): AnyType {
  const names = [...tags.keys()];
  const type: AnyType = makeType({
    name: "attrTag",
    description: `attribute set with exactly one of ${names.map((tag) => JSON.stringify(tag)).join(", ")}`,
    opaque: [...tags.values()].some((declared) => !isPlainOption(declared)),
    check: (value) => isTagged(value) && tags.has(tagIn(value)),
    explain: (location, wrong) => {
      const unknown = wrong.find(({ value }) => isTagged(value) && !tags.has(tagIn(value)));
      return unknown && unknownOption([...location, tagIn(unknown.value as object)], names, [unknown.file]);
    },
    merge: (location, definitions, context) => mergeTagged(tags, location, definitions, context),
    validate: (value, location, report, context) => {
      if (!isTagged(value)) report(wrongType(location, type.description, [{ value, file: RESULT }]));
      else if (!tags.has(tagIn(value))) report(unknownOption([...location, tagIn(value)], names, [RESULT]));
      else validateSet(only(tags, tagIn(value)), undefined, value, location, report, context);
    },
    toJsonSchema: (context) => ({
      oneOf: names.map((tag) => ({ ...schemaOf(only(tags, tag), undefined, context), required: [tag] })),
    }),
    nestedOptions: (location) => ({ location, declared: { kind: "set", children: tags } }),
    combine: (other) => {
      if (other === type) return type;
      const others = tagsOf.get(other);
      const combined = others && combineTags(tags, others);
      return combined && makeTagged(combined);
    },
  });
  tagsOf.set(type, tags);
  return type;
}

/** Evaluates the one option that the definitions are for, as the only one of a set. */
function mergeTagged(
  tags: Tags,
  location: Location,
  definitions: readonly ResolvedDefinition[],
  context: EvaluationContext,
): unknown {
  const declared = only(tags, commonTag(location, definitions));
  const evaluation = startEvaluation({
    modules: [],
    file: SUBMODULE,
    location,
    context,
    args: {},
    definitions: definitions.map(({ file, value }) => ({ file, value })),
    collected: { declared, definitions: [], freeformType: undefined, unchanging: true },
    describeOptions: optionsOf,
  });
  return configOf(evaluation.root);
}

function isTagged(value: unknown): value is object {
  return isAttributes(value) && Object.keys(value).length === 1;
}

function tagIn(value: object): string {
  return Object.keys(value)[0]!;
}

/** The set of options that a value with the tag is. */
function only(tags: Tags, tag: string): DeclaredSet {
  return { kind: "set", children: new Map([[tag, tags.get(tag)!]]) };
}

function commonTag(location: Location, definitions: readonly ResolvedDefinition[]): string {
  const given = definitions.map(({ value, file }) => ({ tag: tagIn(value as object), file }));
  const { tag } = given[0]!;
  if (given.some((each) => each.tag !== tag)) throw severalTags(location, given);
  return tag;
}

/** The tags of both; one that both have is an option that is declared twice. */
function combineTags(one: Tags, other: Tags): Tags | undefined {
  const combined = new Map(one);
  for (const [tag, added] of other) {
    const before = one.get(tag);
    const option = before ? combineIfPossible(before.option, added.option) : added.option;
    if (!option) return undefined;
    combined.set(tag, { kind: "option", option, files: [SUBMODULE] });
  }
  return combined;
}
