/** The records of a stream, checked: whatever passes has the shape that its type says, and names nothing outside. */
import { posix } from "node:path";
import { isKnownAttribute, type TreeAttributes } from "../os/attributes.ts";
import { compareInWalk } from "./file-changes.ts";
import type { InfoRecord } from "./info.ts";
import { allInputs, isStorePathName, type Recipe, recipeOf, runtimeInputs, storePathName } from "./recipe.ts";
import { recordFault } from "./record-shape.ts";
import type { EntryRecord, PathRecord } from "./stream-format.ts";
import { invalidStream } from "./stream-reader.ts";

type Fields = Readonly<Record<string, unknown>>;

/** The record that begins a path, with the recipe that its name was made from. */
export interface CheckedPath {
  readonly record: PathRecord;
  readonly recipe: Recipe;
  readonly attributes: TreeAttributes;
}

/** Bytes of a name (NAME_MAX) and of a path within a tree, which leaves room for the store's (PATH_MAX, limits.h). */
const MAX_NAME = 255;
const MAX_PATH = 3072;

/** The last value of an id; the one above it means "none" (chown(2)). */
const MAX_ID = 0xfffffffe;

/** An attribute's value, in hexadecimal (XATTR_SIZE_MAX, limits.h). */
const ATTRIBUTE_VALUE = /^(?:[0-9a-f]{2}){0,65536}$/;

/** Checks the record that begins a path: the name must be that of the recipe, references those that it says. */
export function checkPathRecord(fields: Fields): CheckedPath {
  const { path, info, attributes, signatures } = fields;
  if (typeof path !== "string" || !isStorePathName(path)) {
    throw invalidStream("The stream has a path whose name is none of a store path");
  }
  const fault = recordFault(info);
  if (fault !== undefined) throw invalidStream(`The record of "${path}" is damaged: ${fault}`);
  const recipe = checkRecipe(path, info as InfoRecord);
  if (!isSignatures(signatures)) throw invalidStream(`The signatures of "${path}" are damaged`);
  return {
    record: {
      path,
      info: info as InfoRecord,
      attributes: attributes as PathRecord["attributes"],
      signatures,
    },
    recipe,
    attributes: checkAttributes(path, attributes),
  };
}

function checkRecipe(path: string, info: InfoRecord): Recipe {
  try {
    const recipe = recipeOf(info.recipe);
    allInputs(recipe);
    const references = [...new Set(runtimeInputs(recipe).map(storePathName))].sort();
    const fits = storePathName(recipe) === path && references.join(" ") === info.references.join(" ");
    if (fits) return recipe;
  } catch (error) {
    throw invalidStream(`The recipe of "${path}" is none`, error);
  }
  throw invalidStream(`The record of "${path}" has another recipe than its name says`);
}

function isSignatures(value: unknown): value is PathRecord["signatures"] {
  return (
    Array.isArray(value) &&
    value.length <= 16 &&
    value.every((one) => typeof one?.key === "string" && typeof one?.signature === "string")
  );
}

function checkAttributes(path: string, value: unknown): TreeAttributes {
  const found = new Map<string, Readonly<Record<string, string>>>();
  const bad = () => invalidStream(`The attributes of "${path}" are damaged`);
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw bad();
  for (const [file, attributes] of Object.entries(value as Fields)) {
    if (typeof attributes !== "object" || attributes === null) throw bad();
    for (const [name, text] of Object.entries(attributes)) {
      const isName = name.length <= MAX_NAME && !name.includes("\0") && isKnownAttribute(name);
      if (!isName || typeof text !== "string" || !ATTRIBUTE_VALUE.test(text)) throw bad();
    }
    found.set(file, attributes as Record<string, string>);
  }
  return found;
}

/** What entries of one tree are checked against. */
export interface TreeRules {
  /** Of the store path. */
  readonly name: string;
  readonly references: readonly string[];
  /** The tree is a guest's: it may have set-user-id programs, other owners, whiteouts and links to anywhere. */
  readonly exactModes: boolean;
}

/** Checks one entry, that comes after another (undefined: first) in its tree. */
export function checkEntry(fields: Fields, before: string | undefined, rules: TreeRules): EntryRecord {
  const { type, path } = fields;
  if (typeof path !== "string" || !isPathInside(path)) {
    throw invalidStream(`"${rules.name}" has an entry whose path is none`);
  }
  const bad = (what: string) => invalidStream(`"/${path}" in "${rules.name}" ${what}`);
  if (before === undefined ? path !== "" : compareInWalk(before, path) >= 0) {
    throw bad("is there twice or not in order");
  }
  const { mode, uid, gid } = fields;
  if (!isBetween(mode, 0o7777) || !isBetween(uid, MAX_ID) || !isBetween(gid, MAX_ID)) {
    throw bad("has a mode or owner that is none");
  }
  const common = { path, mode, uid, gid };
  switch (type) {
    case "directory":
      return { type, ...common };
    case "file":
      if (!isBetween(fields.size, Number.MAX_SAFE_INTEGER)) throw bad("has a size that is none");
      return { type, ...common, size: fields.size };
    case "link":
      if (!isTarget(fields.target)) throw bad("is a link to nothing");
      if (!rules.exactModes && leadsOut(path, fields.target, rules)) {
        throw bad(`is a link that leads out of the path: "${fields.target}"`);
      }
      return { type, ...common, target: fields.target };
    case "whiteout":
      if (!rules.exactModes || path === "") throw bad("is a device");
      return { type, ...common };
    default:
      throw bad("is of a type that a store path may not have");
  }
}

function isBetween(value: unknown, most: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= most;
}

/** Relative, without a step up or sideways, and a name that the store can have. */
function isPathInside(path: string): boolean {
  if (path === "") return true;
  if (Buffer.byteLength(path) > MAX_PATH || !isText(path)) return false;
  return path
    .split("/")
    .every((part) => part !== "" && part !== "." && part !== ".." && Buffer.byteLength(part) <= MAX_NAME);
}

function isTarget(target: unknown): target is string {
  return typeof target === "string" && target !== "" && Buffer.byteLength(target) < 4096 && isText(target);
}

/** Without NUL, and what comes back as it is when it was written as UTF-8. */
function isText(text: string): boolean {
  return text.isWellFormed() && !text.includes("\0") && !text.includes("\ufffd");
}

/** Whether a link of a host's tree leads elsewhere than into the tree or into what the path may refer to. */
function leadsOut(path: string, target: string, { name, references }: TreeRules): boolean {
  if (target.startsWith("/")) return true;
  const [first, ...rest] = posix.normalize(posix.join(name, path, "..", target)).split("/");
  if (path === "" && rest.length === 0 && first === name) return true;
  return first !== name && !references.includes(first!);
}
