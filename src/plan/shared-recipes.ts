/** One recipe for equal ones: a host's VMs share most of theirs, and hashing a name takes longer than making a recipe. */
import type { Recipe } from "../store/recipe.ts";

const made = new Map<string, Recipe>();

/** Tells recipes apart by identity: inputs that are equal have been shared themselves. */
const numbers = new WeakMap<Recipe, number>();

let count = 0;

/** The first recipe that was given and is equal to this one, its inputs being the same objects. */
export function sharedRecipe(recipe: Recipe): Recipe {
  const { inputs, helpers = {}, ...own } = recipe;
  const key = JSON.stringify([own, numbersOf(inputs), numbersOf(helpers)]);
  const known = made.get(key) ?? recipe;
  made.set(key, known);
  return known;
}

function numbersOf(inputs: Recipe["inputs"]) {
  return Object.entries(inputs).map(([key, input]) => [
    key,
    Array.isArray(input) ? input.map(numberOf) : numberOf(input as Recipe),
  ]);
}

function numberOf(recipe: Recipe): number {
  const known = numbers.get(recipe) ?? ++count;
  numbers.set(recipe, known);
  return known;
}
