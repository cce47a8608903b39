/** Recipes: pure descriptions of builds, and the names that they give to their outputs. */
import { createHash } from "node:crypto";
import { canonicalJson, type Json } from "./json.ts";

/**
 * A pure description of one build. Recipes form a graph by reference through `inputs`; they are values and
 * must not be changed once made.
 */
export interface Recipe {
  /** Which builder makes it. */
  readonly kind: string;
  /** Version of that builder; raised when its output for the same parameters changes. */
  readonly version: number;
  /** Last part of the store path: letters, digits and `+ - . _ ? =`, at most 200, no dot in front. */
  readonly name: string;
  /** What the builder is told. */
  readonly params: Json;
  /** What must be in the store before it is built; counted by store path. */
  readonly inputs: Readonly<Record<string, Recipe | readonly Recipe[]>>;
  /**
   * Programs that the builder uses and that change nothing of the output, whatever their version. They are there
   * before the build as inputs are, and do not count in its name.
   */
  readonly helpers?: Readonly<Record<string, Recipe>>;
  /** Keys of `inputs` that the output needs at run time; the others are only needed to build it. */
  readonly references?: readonly string[];
  /**
   * The output is one file with this content (64 hexadecimal digits). It is named by that and `name` alone:
   * where the file comes from (kind, params, inputs) does not count.
   */
  readonly fixed?: { readonly sha256: string };
  /** Keep the modes that the builder gave, since a guest will see them. Otherwise they are made canonical. */
  readonly exactModes?: boolean;
}

/** A recipe with its inputs as store path names: what is hashed and written down. */
export interface RecipeRecord extends Omit<Recipe, "inputs" | "helpers" | "exactModes"> {
  readonly inputs: Readonly<Record<string, string | readonly string[]>>;
  readonly exactModes?: true;
}

/**
 * Crockford's base 32 in lower case: without i, l and o, which look like 1 and 0, and without u, so that
 * fewer words appear by accident. One case only, so that names stay apart where case is folded.
 */
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

/** 160 bits: 32 characters of 5 bits; a collision among 2^64 paths is less likely than one in 2^32. */
const HASH_BYTES = 20;

/** Leaves room for the hash and a suffix within the 255 bytes of a file name. */
const MAX_NAME_LENGTH = 200;

const STORE_PATH_NAME = new RegExp(`^[${ALPHABET}]{32}-[A-Za-z0-9+_?=-][A-Za-z0-9+._?=-]*$`);

const names = new WeakMap<Recipe, string>();

/**
 * The name of a recipe's output in the store: `<32 base-32 characters>-<name>`. Equal recipes have equal
 * names, on every machine.
 */
export function storePathName(recipe: Recipe): string {
  const known = names.get(recipe);
  if (known !== undefined) return known;
  checkRecipe(recipe);
  const identity = recipe.fixed ? { name: recipe.name, fixed: recipe.fixed } : recordOf(recipe);
  const digest = createHash("sha256")
    .update(canonicalJson(identity as unknown as Json))
    .digest();
  const name = `${base32(digest.subarray(0, HASH_BYTES))}-${recipe.name}`;
  names.set(recipe, name);
  return name;
}

/** Whether a text has the form of a store path's name. */
export function isStorePathName(text: string): boolean {
  return STORE_PATH_NAME.test(text) && text.length <= 33 + MAX_NAME_LENGTH;
}

/** The recipe as it is hashed and recorded. */
export function recordOf(recipe: Recipe): RecipeRecord {
  const inputs = Object.entries(recipe.inputs).map(
    ([key, input]) => [key, isList(input) ? input.map(storePathName) : storePathName(input)] as const,
  );
  return {
    kind: recipe.kind,
    version: recipe.version,
    name: recipe.name,
    params: recipe.params,
    inputs: Object.fromEntries(inputs),
    ...(recipe.references?.length && { references: [...recipe.references].sort() }),
    ...(recipe.fixed && { fixed: recipe.fixed }),
    ...(recipe.exactModes && { exactModes: true }),
  };
}

/**
 * The recipe that a record was made from, as far as building and naming it goes: its inputs stand for store paths
 * and cannot be built themselves. Whether the record is the one of the path beside it, `storePathName` tells.
 */
export function recipeOf(record: RecipeRecord): Recipe {
  const { inputs, exactModes, ...rest } = record;
  const standIn = (name: string): Recipe => {
    const input: Recipe = { kind: "recorded", version: 0, name, params: null, inputs: {} };
    names.set(input, name);
    return input;
  };
  return {
    ...rest,
    inputs: Object.fromEntries(
      Object.entries(inputs).map(([key, input]) => [
        key,
        typeof input === "string" ? standIn(input) : input.map(standIn),
      ]),
    ),
    ...(exactModes && { exactModes }),
  };
}

/** The recipes below one key of `inputs`. An unknown key is a programmer's error. */
export function inputsOf(recipe: Recipe, key: string): readonly Recipe[] {
  const input = Object.hasOwn(recipe.inputs, key) ? recipe.inputs[key] : undefined;
  if (input === undefined) throw new Error(`Recipe "${recipe.name}" has no input "${key}"`);
  return isList(input) ? input : [input];
}

/** Everything that must be there to build it. */
export function allInputs(recipe: Recipe): readonly Recipe[] {
  return [...(Object.values(recipe.inputs).flat() as Recipe[]), ...Object.values(recipe.helpers ?? {})];
}

/** Everything that its output needs at run time. */
export function runtimeInputs(recipe: Recipe): readonly Recipe[] {
  return (recipe.references ?? []).flatMap((key) => inputsOf(recipe, key));
}

/** The recipes and everything that building them may need, each store path once. */
export function graphOf(recipes: readonly Recipe[]): readonly Recipe[] {
  const found = new Map(recipes.map((recipe) => [storePathName(recipe), recipe]));
  for (const one of found.values()) {
    for (const input of allInputs(one)) {
      const name = storePathName(input);
      if (!found.has(name)) found.set(name, input);
    }
  }
  return [...found.values()];
}

function isList(input: Recipe | readonly Recipe[]): input is readonly Recipe[] {
  return Array.isArray(input);
}

function checkRecipe(recipe: Recipe): void {
  const { name, fixed } = recipe;
  if (name.length > MAX_NAME_LENGTH || !/^[A-Za-z0-9+_?=-][A-Za-z0-9+._?=-]*$/.test(name)) {
    throw new Error(`Not a name for a store path: "${name}"`);
  }
  if (fixed && !/^[0-9a-f]{64}$/.test(fixed.sha256)) {
    throw new Error(`Not a sha-256 checksum in lower-case hexadecimal: "${fixed.sha256}"`);
  }
  if (fixed && recipe.references?.length) {
    throw new Error(`Recipe "${name}" is one fixed file and cannot have references`);
  }
  runtimeInputs(recipe);
}

/** Bits from the highest of the first byte on, five a character; `bytes` is a multiple of five long. */
function base32(bytes: Uint8Array): string {
  let text = "";
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET[(held >> bits) & 31];
    }
    held &= (1 << bits) - 1;
  }
  return text;
}
