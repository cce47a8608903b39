/** The shape of info records, which come from disks and from strangers. */
import { isStorePathName } from "./recipe.ts";

type Fields = Readonly<Record<string, unknown>>;

/** What is wrong with the shape of an info record, for a person; undefined when it is one. */
export function recordFault(record: unknown): string | undefined {
  if (!isObject(record)) return "it is no object";
  if (record.version !== 1) return 'its "version" is not 1';
  const fields: readonly (readonly [string, boolean])[] = [
    ["references", isListOf(record.references, isStorePathName)],
    ["digest", isSha256(record.digest)],
    ["attributes", record.attributes === undefined || isSha256(record.attributes)],
    ["size", Number.isSafeInteger(record.size) && (record.size as number) >= 0],
    ["time", typeof record.time === "string" && !Number.isNaN(Date.parse(record.time))],
    ["recipe", isRecipe(record.recipe)],
  ];
  const wrong = fields.find(([, right]) => !right);
  return wrong && `its "${wrong[0]}" is damaged`;
}

function isRecipe(recipe: unknown): boolean {
  if (!isObject(recipe) || !isObject(recipe.inputs)) return false;
  const { kind, version, name, inputs, references, fixed, exactModes } = recipe;
  return (
    typeof kind === "string" &&
    Number.isSafeInteger(version) &&
    typeof name === "string" &&
    Object.values(inputs as Fields).every(
      (input) => isListOf(input, isStorePathName) || (typeof input === "string" && isStorePathName(input)),
    ) &&
    (references === undefined || isListOf(references, (key) => Object.hasOwn(inputs as Fields, key))) &&
    (fixed === undefined || (isObject(fixed) && isSha256(fixed.sha256))) &&
    (exactModes === undefined || exactModes === true)
  );
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isListOf(value: unknown, fits: (text: string) => boolean): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === "string" && fits(item));
}

function isSha256(value: unknown): boolean {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
}
