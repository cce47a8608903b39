import assert from "node:assert/strict";
import { test } from "node:test";
import type { Recipe } from "../store/recipe.ts";
import { sharedRecipe } from "./shared-recipes.ts";

const recipe = (fields: Partial<Recipe> = {}): Recipe => ({
  ...{ kind: "test", version: 1, name: "shared", params: { a: [1] }, inputs: {} },
  ...fields,
});

test("equal recipes become one, and others stay apart", () => {
  const input = sharedRecipe(recipe({ name: "input" }));
  const first = sharedRecipe(recipe({ inputs: { input } }));
  assert.equal(sharedRecipe(recipe({ inputs: { input } })), first);
  const others = [
    recipe(),
    recipe({ params: { a: [2] }, inputs: { input } }),
    recipe({ inputs: { input: [input] } }),
    recipe({ inputs: { other: input } }),
    recipe({ inputs: { input: recipe({ name: "other" }) } }),
    recipe({ inputs: { input }, helpers: { input } }),
    recipe({ inputs: { input }, exactModes: true }),
    recipe({ inputs: { input }, references: ["input"] }),
  ];
  for (const other of others) assert.equal(sharedRecipe(other), other);
});
