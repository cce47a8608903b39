/** A store with something to keep and something to collect. */
import type { TestContext } from "node:test";
import { type CollectOptions, collectGarbage } from "../collect.ts";
import { presentNames } from "../names.ts";
import type { Recipe } from "../recipe.ts";
import type { Store } from "../store.ts";
import { builders, fixedFile, recipe } from "./recipes.ts";
import { temporaryStore } from "./temporary-store.ts";

/** Fetched. */
export const source = fixedFile("source", "source");
/** Built from `source`. */
export const library = recipe("library", { inputs: { source } });
/** Only needed to build `top`. */
export const tool = recipe("tool");
/** Needs `library`; built from that and `tool`. */
export const top = recipe("top", { inputs: { library, tool }, references: ["library"] });
/** Has nothing to do with the others. */
export const other = recipe("other", { kind: "tree" });

/** Collects without links, unless told otherwise. */
export const collect = (store: Store, options: Partial<CollectOptions> = {}) =>
  collectGarbage(store.directory, { links: [], keepInputs: true, ...options });
/** Names without hashes of what is there. */
export const present = (store: Store) => presentNames(store.directory).map((name) => name.slice(33));

/** A store with these recipes built. */
export async function built(context: TestContext, ...recipes: Recipe[]) {
  const store = temporaryStore(context);
  for (const one of recipes) await store.realise(one, { builders });
  return store;
}
