import { allInputs, type Recipe, runtimeInputs, storePathName } from "./recipe.ts";

/** What realising recipes would do. */
export interface PlanSummary {
  /** What would be made, inputs before what needs them. */
  readonly missing: readonly Recipe[];
  /** How many of the missing are fixed files. */
  readonly fetches: number;
  /** How many of the missing are built. */
  readonly builds: number;
  /** How many of the needed paths are there. */
  readonly present: number;
}

/** Goes the way of `realise`: below what is there, only run-time references are looked at. */
export function summarisePlan(recipes: readonly Recipe[], has: (recipe: Recipe) => boolean): PlanSummary {
  const seen = new Set<string>();
  const missing: Recipe[] = [];
  let present = 0;
  const visit = (one: Recipe) => {
    const name = storePathName(one);
    if (seen.has(name)) return;
    seen.add(name);
    const there = has(one);
    for (const next of there ? runtimeInputs(one) : allInputs(one)) visit(next);
    if (there) present += 1;
    else missing.push(one);
  };
  for (const recipe of recipes) visit(recipe);
  const fetches = missing.filter(({ fixed }) => fixed).length;
  return { missing, fetches, builds: missing.length - fetches, present };
}
