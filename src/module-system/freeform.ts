import { type Attributes, getAttribute, isAttributes, nestAttribute } from "./attributes.ts";
import { type Definition, mergeDefinitions, rewrap } from "./definitions.ts";
import type { Location } from "./location.ts";
import type { EvaluationContext, OptionType } from "./types/type.ts";

/**
 * Merges what is defined in a set beside its declared options, by the freeform type of the evaluation's
 * modules. The type sees the definitions from the evaluation's root at `location`; `path` leads from there
 * to the set.
 */
export function mergeFreeform(
  type: OptionType,
  location: Location,
  path: readonly string[],
  byName: ReadonlyMap<string, readonly Definition[]>,
  context: EvaluationContext,
): Attributes {
  const definitions: Definition[] = [];
  for (const [name, named] of byName) {
    for (const definition of named) {
      definitions.push({ file: definition.file, value: nestAttribute([...path, name], rewrap(definition)) });
    }
  }
  let merged = mergeDefinitions(location, type, definitions, context)?.value;
  for (const name of path) merged = isAttributes(merged) ? getAttribute(merged, name) : undefined;
  return isAttributes(merged) ? merged : {};
}
