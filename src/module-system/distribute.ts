import { getAttribute, isAttributes } from "./attributes.ts";
import { callThunk, type Definition, holds, isThunk, malformed } from "./definitions.ts";
import { endless, wrongType } from "./faults.ts";
import type { Location } from "./location.ts";
import { passUnwinding } from "./unwinding.ts";
import { asWrapper, isConditional, isForwarded, isMerged, isOverriding } from "./wrappers.ts";

/** More wrappers and functions around one set than this are taken for endless. */
const DEEPEST = 100;

/**
 * Hands the definitions of a set down to the names in it. Wrappers go down with them, so that a condition is
 * decided only when an option it guards is read, and may read any other.
 */
export function distribute(
  location: Location,
  definitions: readonly Definition[],
): ReadonlyMap<string, readonly Definition[]> {
  const byName = new Map<string, Definition[]>();
  for (const definition of definitions) handDown(location, definition, byName, 0);
  return byName;
}

function handDown(
  location: Location,
  definition: Definition,
  byName: Map<string, Definition[]>,
  depth: number,
): void {
  if (depth > DEEPEST) throw endless(location, definition.file);
  const inner = unwrap(location, definition);
  if (inner === undefined) {
    spread(location, definition, byName);
    return;
  }
  for (const each of inner) handDown(location, each, byName, depth + 1);
}

/** The definitions inside a wrapper or function; undefined when there is none to take off. */
function unwrap(location: Location, definition: Definition): readonly Definition[] | undefined {
  const { value, file, conditions = [] } = definition;
  if (isThunk(value)) {
    // What a guarded function returns may only make sense when its guards hold, so they are decided first.
    if (!conditions.every((condition) => holds(location, file, condition))) return [];
    const { conditions: _decided, ...rest } = definition;
    return [{ ...rest, value: callThunk(location, file, value) }];
  }
  const wrapper = asWrapper(value);
  if (wrapper === undefined) return undefined;
  if (wrapper === "malformed") throw malformed(location, file);
  if (isMerged(wrapper)) return wrapper.contents.map((content) => ({ ...definition, value: content }));
  if (isConditional(wrapper)) {
    const condition =
      typeof wrapper.condition === "function" ? once(wrapper.condition) : () => wrapper.condition;
    return [{ ...definition, value: wrapper.content, conditions: [...conditions, condition] }];
  }
  if (isOverriding(wrapper)) {
    return [{ ...definition, value: wrapper.content, priority: definition.priority ?? wrapper.priority }];
  }
  if (isForwarded(wrapper)) return [{ ...definition, value: wrapper.content, file: wrapper.file }];
  return [{ ...definition, value: wrapper.content, order: definition.order ?? wrapper.order }];
}

/** A condition that guards many options is decided once. */
function once(condition: () => unknown): () => unknown {
  let decided: { readonly result: unknown } | undefined;
  return () => {
    if (decided) return decided.result;
    const result = condition();
    passUnwinding();
    decided = { result };
    return result;
  };
}

function spread(location: Location, definition: Definition, byName: Map<string, Definition[]>): void {
  const { value, file } = definition;
  if (!isAttributes(value)) throw wrongType(location, "attribute set", [{ value, file }]);
  for (const name of Object.keys(value)) {
    const handed = { ...definition, value: getAttribute(value, name) };
    const others = byName.get(name);
    if (others) others.push(handed);
    else byName.set(name, [handed]);
  }
}
