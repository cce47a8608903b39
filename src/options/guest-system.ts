/** The type of options that say what a guest's system is made from. */
import { makeType, type OptionType, types } from "../module-system/index.ts";
import { type PackageSetValue, packageSet } from "./package-set.ts";

/** An OCI image as configuration sees it; `oci()` makes it. */
export interface ImageValue {
  readonly type: "oci";
  readonly form: "layout" | "archive";
  readonly path: string;
  readonly reference: string | null;
  readonly digest: string | null;
  readonly architecture: string;
  readonly packageSet: PackageSetValue | null;
  readonly entrypoint: readonly string[] | null;
  readonly cmd: readonly string[] | null;
  readonly init: boolean | null;
  readonly restart: "never" | "on-failure" | "always";
}

/** What a guest's system is made from: packages, or an image. */
export type GuestSystemValue = PackageSetValue | ImageValue;

const textOrNull = { type: ["string", "null"] };
const wordsOrNull = { anyOf: [{ type: "array", items: { type: "string" } }, { type: "null" }] };
const isText = (value: unknown) => typeof value === "string";
const isTexts = (value: unknown) => Array.isArray(value) && value.every(isText);
const orNull = (check: (value: unknown) => boolean) => (value: unknown) => value === null || check(value);

/** By field: whether a value fits, and the same as JSON Schema. */
const FIELDS: Readonly<
  Record<keyof ImageValue, { readonly check: (value: unknown) => boolean; readonly schema: object }>
> = {
  type: { check: (value) => value === "oci", schema: { const: "oci" } },
  form: { check: oneOf("layout", "archive"), schema: { enum: ["layout", "archive"] } },
  path: { check: isText, schema: { type: "string" } },
  reference: { check: orNull(isText), schema: textOrNull },
  digest: { check: orNull(isText), schema: textOrNull },
  architecture: { check: oneOf("amd64", "arm64"), schema: { enum: ["amd64", "arm64"] } },
  packageSet: { check: orNull((value) => packageSet.check(value)), schema: {} },
  entrypoint: { check: orNull(isTexts), schema: wordsOrNull },
  cmd: { check: orNull(isTexts), schema: wordsOrNull },
  init: { check: orNull((value) => typeof value === "boolean"), schema: { type: ["boolean", "null"] } },
  restart: {
    check: oneOf("never", "on-failure", "always"),
    schema: { enum: ["never", "on-failure", "always"] },
  },
};

const image: OptionType<ImageValue> = makeType({
  name: "ociImage",
  description: "OCI image",
  check(value): boolean {
    if (typeof value !== "object" || value === null) return false;
    const fields = value as Readonly<Record<string, unknown>>;
    return Object.entries(FIELDS).every(([key, { check }]) => check(fields[key]));
  },
  merge: (_location, definitions) => definitions.at(-1)!.value as ImageValue,
  toJsonSchema: (context) => ({
    type: "object",
    properties: {
      ...Object.fromEntries(Object.entries(FIELDS).map(([key, { schema }]) => [key, schema])),
      packageSet: { anyOf: [packageSet.toJsonSchema(context), { type: "null" }] },
    },
    required: Object.keys(FIELDS),
  }),
});

/** A package set, or an image that `oci()` makes. */
export const guestSystem = types.either(packageSet, image) as OptionType<GuestSystemValue>;

function oneOf(...values: readonly string[]): (value: unknown) => boolean {
  return (value) => typeof value === "string" && values.includes(value);
}
