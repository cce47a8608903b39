/** What follows from roots. */
import type { InfoRecord } from "./info.ts";

/** The names that a record's path was made from. */
export function inputNames({ recipe }: InfoRecord): string[] {
  return Object.values(recipe.inputs).flat();
}

/**
 * These names and everything that they need: their references, and with `inputs` also what they are built from. Of
 * names that are not there (`undefined`) nothing follows.
 */
export function reachableFrom(
  names: Iterable<string>,
  info: (name: string) => InfoRecord | undefined,
  { inputs }: { readonly inputs: boolean },
): Set<string> {
  const reached = new Set(names);
  for (const name of reached) {
    const record = info(name);
    if (!record) continue;
    for (const next of record.references) reached.add(next);
    if (inputs) for (const next of inputNames(record)) reached.add(next);
  }
  return reached;
}

/** Names so ordered that each stands before what it needs. Names that others of them do not need come first. */
export function dependentsFirst(
  names: readonly string[],
  needsOf: (name: string) => readonly string[],
): string[] {
  const wanted = new Set(names);
  const ordered: string[] = [];
  const seen = new Set<string>();
  for (const top of names) {
    // Without recursion, since chains may be long: a name is put down once all that it needs is.
    const stack = [{ name: top, done: false }];
    for (let step = stack.pop(); step; step = stack.pop()) {
      if (step.done) ordered.push(step.name);
      else if (wanted.has(step.name) && !seen.has(step.name)) {
        seen.add(step.name);
        stack.push({ name: step.name, done: true });
        for (const next of needsOf(step.name)) stack.push({ name: next, done: false });
      }
    }
  }
  return ordered.reverse();
}
