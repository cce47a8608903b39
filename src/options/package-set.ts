/** The type of options that hold a package set. */
import { makeType, type OptionType } from "../module-system/index.ts";

/** A package set as configuration sees it: plain data that says where packages come from. */
export interface PackageSetValue {
  readonly type: string;
  readonly suite: string;
  readonly architecture: string;
  readonly components: readonly string[];
  readonly mirror: string | null;
  readonly snapshot: string | null;
  readonly keyring: string | null;
}

const isText = (value: unknown) => typeof value === "string";
const isTextOrNull = (value: unknown) => value === null || isText(value);

/** A package set, such as `debian({ suite, architecture })` makes. */
export const packageSet: OptionType<PackageSetValue> = makeType({
  name: "packageSet",
  description: "package set",
  check(value): boolean {
    if (typeof value !== "object" || value === null) return false;
    const set = value as Partial<Record<keyof PackageSetValue, unknown>>;
    return (
      set.type === "debian" &&
      [set.suite, set.architecture].every(isText) &&
      [set.mirror, set.snapshot, set.keyring].every(isTextOrNull) &&
      Array.isArray(set.components) &&
      set.components.every(isText)
    );
  },
  merge: (_location, definitions) => definitions.at(-1)!.value as PackageSetValue,
  toJsonSchema: () => ({
    type: "object",
    properties: {
      type: { const: "debian" },
      suite: { type: "string" },
      architecture: { type: "string" },
      components: { type: "array", items: { type: "string" } },
      mirror: { type: ["string", "null"] },
      snapshot: { type: ["string", "null"] },
      keyring: { type: ["string", "null"] },
    },
    required: ["type", "suite", "architecture", "components", "mirror", "snapshot", "keyring"],
  }),
});
