/** What is known of store paths. */
import type { RecipeRecord } from "./recipe.ts";
import type { Store } from "./store.ts";

/** One store path, for a person or a program. Sizes are bytes in regular files. */
export interface PathInfo {
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  /** Kind of its recipe. */
  readonly kind: string;
  readonly size: number;
  /** Its own size and that of all that it needs at run time. */
  readonly closureSize: number;
  /** SHA-256 of its tree in canonical form, in hexadecimal. */
  readonly digest: string;
  /** When it came into this store, ISO 8601. */
  readonly time: string;
  readonly references: readonly string[];
  readonly inputs: RecipeRecord["inputs"];
}

/** What the records say of a path; errors as for `Store.info`. */
export function pathInfo(store: Store, name: string): PathInfo {
  const { recipe, size, digest, time, references } = store.info(name);
  return {
    name,
    path: store.pathOf(name),
    kind: recipe.kind,
    size,
    closureSize: closureSize(store, [name]),
    digest,
    time,
    references,
    inputs: recipe.inputs,
  };
}

/** Bytes in regular files of these paths and of all that they need. */
export function closureSize(store: Store, names: readonly string[]): number {
  return store.closure(names).reduce((sum, name) => sum + store.info(name).size, 0);
}

/**
 * Why one store path needs another: each way over references with no name twice, shortest first; at most `limit`.
 * None when it does not need it. Of a path to itself there is one way, of one name.
 */
export function waysBetween(store: Store, from: string, to: string, limit: number): string[][] {
  const leads = new Map<string, boolean>();
  const reaches = (name: string): boolean => {
    if (name === to) return true;
    const known = leads.get(name);
    if (known !== undefined) return known;
    leads.set(name, false);
    const found = store.info(name).references.some(reaches);
    leads.set(name, found);
    return found;
  };
  const ways: string[][] = [];
  const pending = reaches(from) ? [[from]] : [];
  for (let way = pending.shift(); way && ways.length < limit; way = pending.shift()) {
    const last = way.at(-1)!;
    if (last === to) ways.push(way);
    else for (const next of store.info(last).references) if (reaches(next)) pending.push([...way, next]);
  }
  return ways;
}
