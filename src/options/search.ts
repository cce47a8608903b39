/** Finds options by words. */
import { editDistance, type OptionDocumentation } from "../module-system/index.ts";

/** How many near names are given. */
const NEAR = 3;

/**
 * The options in whose name or description every word occurs, large or small letters alike. Best first: a name that is
 * the words, then names that hold all words, then names that hold some; among equals the order of their declaration.
 */
export function searchOptions(
  options: readonly OptionDocumentation[],
  words: readonly string[],
): readonly OptionDocumentation[] {
  const wanted = words.map((word) => word.toLowerCase());
  return options
    .map((option) => ({ option, rank: rankOf(option, wanted) }))
    .filter(({ rank }) => rank !== undefined)
    .sort((a, b) => a.rank! - b.rank!)
    .map(({ option }) => option);
}

/** The smaller the better; undefined when a word is missing. */
function rankOf({ name, description }: OptionDocumentation, words: readonly string[]): number | undefined {
  const [inName, inDescription] = [name.toLowerCase(), description.toLowerCase()];
  if (!words.every((word) => inName.includes(word) || inDescription.includes(word))) return undefined;
  const path = words.join(".");
  if (inName === path) return 0;
  if (inName.endsWith(`.${path}`)) return 1;
  if (words.every((word) => inName.includes(word))) return 2;
  return words.some((word) => inName.includes(word)) ? 3 : 4;
}

/** Names that resemble what was searched for, best first: in whole or in one of their parts. */
export function nearOptions(
  options: readonly OptionDocumentation[],
  words: readonly string[],
): readonly string[] {
  const near = options.flatMap(({ name, path }) => {
    const distances = words.map((word) => distanceOf(word.toLowerCase(), [name, ...path]));
    return distances.includes(undefined) ? [] : [{ name, distance: Math.max(0, ...(distances as number[])) }];
  });
  near.sort((a, b) => a.distance - b.distance || a.name.length - b.name.length);
  return [...new Set(near.map(({ name }) => name))].slice(0, NEAR);
}

/** The distance to the nearest text, as long as a slip of the keyboard explains it. */
function distanceOf(word: string, texts: readonly string[]): number | undefined {
  const limit = Math.max(1, Math.floor(word.length / 3));
  const distances = texts
    .map((text) => text.toLowerCase())
    .map((text) => (text.includes(word) ? 0 : editDistance(word, text)));
  const least = Math.min(...distances);
  return least <= limit ? least : undefined;
}
