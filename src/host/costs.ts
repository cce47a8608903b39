/** What building VMs takes, and what each adds to the disk: what it shares with others is nobody's own. */
import type { MissingPath } from "../build/estimate.ts";
import { estimateWork } from "../build/estimate.ts";
import { summarisePlan } from "../store/plan-summary.ts";
import { type Recipe, runtimeInputs, storePathName } from "../store/recipe.ts";
import type { Store } from "../store/store.ts";

/** Of one VM, what it needs alone; of a host, what all of it needs. */
export interface Cost {
  /** Bytes to download. */
  readonly download: number;
  readonly downloads: number;
  readonly builds: number;
  /** Bytes of built store paths that it adds; null while some of them are not built yet. */
  readonly disk: number | null;
}

/** What all of these recipes take together. */
export function wholeCost(recipes: readonly Recipe[], store: Store): Omit<Cost, "disk"> {
  return sum(store.planSummary(...recipes).missing.map(estimateWork));
}

/** What each of `changed` takes that no other runner needs. */
export function ownCosts(
  runners: ReadonlyMap<string, Recipe>,
  changed: readonly string[],
  store: Store,
): ReadonlyMap<string, Cost> {
  const known = new Map<string, boolean>();
  const has = (recipe: Recipe) => {
    const name = storePathName(recipe);
    const there = known.get(name) ?? store.has(name);
    known.set(name, there);
    return there;
  };
  const missing = new Map(
    changed.map((name) => [name, summarisePlan([runners.get(name)!], has).missing] as const),
  );
  const needed = new Map([...runners].map(([name, runner]) => [name, closureOf(runner)] as const));
  const shared = countNames([...missing.values()]);
  const kept = countNames([...needed.values()]);
  return new Map(
    changed.map((name) => {
      const own = missing.get(name)!.filter((recipe) => shared.get(storePathName(recipe)) === 1);
      const added = needed.get(name)!.filter((recipe) => kept.get(storePathName(recipe)) === 1);
      const disk = added.every(has)
        ? added.reduce((bytes, recipe) => bytes + store.info(storePathName(recipe)).size, 0)
        : null;
      return [name, { ...sum(own.map(estimateWork)), disk }];
    }),
  );
}

function closureOf(runner: Recipe): readonly Recipe[] {
  const found = new Map([[storePathName(runner), runner]]);
  for (const one of found.values()) {
    for (const input of runtimeInputs(one)) found.set(storePathName(input), input);
  }
  return [...found.values()];
}

function countNames(lists: readonly (readonly Recipe[])[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const recipe of lists.flat()) {
    const name = storePathName(recipe);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

function sum(paths: readonly MissingPath[]): Omit<Cost, "disk"> {
  const fetched = paths.filter(({ fetch }) => fetch !== undefined);
  return {
    download: fetched.reduce((bytes, { fetch = 0 }) => bytes + fetch, 0),
    downloads: fetched.length,
    builds: paths.length - fetched.length,
  };
}
