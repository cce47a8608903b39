/** What differs between two closures, as a person who rebuilt something wants to know it. */
import { type FileChange, fileChanges } from "./file-changes.ts";
import type { InfoRecord } from "./info.ts";
import type { Store } from "./store.ts";

/** Something that a path was made of, with its version: a package. */
export interface Part {
  readonly name: string;
  readonly version: string;
}

/** A part whose versions differ; no versions on a side where it is absent. */
export interface PartChange {
  readonly name: string;
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** A store path, by its recipe's name, that is another one by now, or on one side only. */
export interface PathChange {
  readonly name: string;
  /** Name of the store path, and bytes in its regular files; absent where there is none. */
  readonly before?: { readonly path: string; readonly size: number };
  readonly after?: { readonly path: string; readonly size: number };
  /** What differs inside, when it is a tree on both sides. */
  readonly files: readonly FileChange[];
}

/** The whole difference. Sizes are bytes in regular files. */
export interface ClosureDiff {
  readonly parts: readonly PartChange[];
  readonly paths: readonly PathChange[];
  readonly size: { readonly before: number; readonly after: number };
}

/** Compares what two paths need. `partsOf` tells what a path was made of. */
export async function diffClosures(
  store: Store,
  before: string,
  after: string,
  partsOf: (record: InfoRecord) => readonly Part[],
): Promise<ClosureDiff> {
  const old = store.closure([before]);
  const young = store.closure([after]);
  const sizeOf = (names: readonly string[]) => names.reduce((sum, name) => sum + store.info(name).size, 0);
  const partsIn = (names: readonly string[]) => names.flatMap((name) => partsOf(store.info(name)));
  return {
    parts: diffParts(partsIn(old), partsIn(young)),
    paths: await diffPaths(store, old, young),
    size: { before: sizeOf(old), after: sizeOf(young) },
  };
}

/** Parts whose sets of versions differ, sorted by name. */
export function diffParts(before: readonly Part[], after: readonly Part[]): PartChange[] {
  const old = versionsByName(before);
  const young = versionsByName(after);
  return [...new Set([...old.keys(), ...young.keys()])]
    .sort()
    .map((name) => ({ name, before: old.get(name) ?? [], after: young.get(name) ?? [] }))
    .filter((change) => change.before.join(" ") !== change.after.join(" "));
}

function versionsByName(parts: readonly Part[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const { name, version } of parts) {
    found.set(name, [...new Set([...(found.get(name) ?? []), version])].sort());
  }
  return found;
}

/** Pairs paths of one recipe's name, in order; what both closures share is not looked at. */
async function diffPaths(
  store: Store,
  old: readonly string[],
  young: readonly string[],
): Promise<PathChange[]> {
  const gone = byRecipeName(
    store,
    old.filter((name) => !young.includes(name)),
  );
  const come = byRecipeName(
    store,
    young.filter((name) => !old.includes(name)),
  );
  const changes: PathChange[] = [];
  for (const name of [...new Set([...gone.keys(), ...come.keys()])].sort()) {
    const [before = [], after = []] = [gone.get(name), come.get(name)];
    for (let index = 0; index < Math.max(before.length, after.length); index++) {
      changes.push(await diffPath(store, name, before[index], after[index]));
    }
  }
  return changes;
}

function byRecipeName(store: Store, names: readonly string[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const path of names) {
    const { name } = store.info(path).recipe;
    found.set(name, [...(found.get(name) ?? []), path]);
  }
  return found;
}

async function diffPath(
  store: Store,
  name: string,
  before: string | undefined,
  after: string | undefined,
): Promise<PathChange> {
  const side = (path: string) => ({ path, size: store.info(path).size });
  return {
    name,
    ...(before !== undefined && { before: side(before) }),
    ...(after !== undefined && { after: side(after) }),
    files:
      before !== undefined && after !== undefined
        ? await fileChanges(store.pathOf(before), store.pathOf(after))
        : [],
  };
}
