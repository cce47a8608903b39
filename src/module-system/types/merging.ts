/** Ways in which several definitions become one value. */
import { isAttributes } from "../attributes.ts";
import { conflict } from "../faults.ts";
import type { Location } from "../location.ts";
import type { ResolvedDefinition } from "./type.ts";

/** The value of all definitions, which must be equal. */
export function mergeEqual<T>(location: Location, definitions: readonly ResolvedDefinition[]): T {
  const first = definitions[0]!.value;
  if (definitions.some(({ value }) => value !== first && !isEqual(value, first))) {
    throw conflict(location, definitions);
  }
  return first as T;
}

/** The value of the only definition. */
export function mergeOne<T>(location: Location, definitions: readonly ResolvedDefinition[]): T {
  if (definitions.length > 1) throw conflict(location, definitions);
  return definitions[0]!.value as T;
}

/** Whether two plain values are the same. */
function isEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((entry, index) => isEqual(entry, b[index]));
  }
  if (!isAttributes(a) || !isAttributes(b)) return false;
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && isEqual(a[name], b[name]))
  );
}

/** Whether the value of a single definition is what was given, as it is. */
export function keepsOne({ merge }: { readonly merge: unknown }): boolean {
  return merge === mergeEqual || merge === mergeOne;
}
