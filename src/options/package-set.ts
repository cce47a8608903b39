/** The type of options that hold a package set. */
import { type JsonSchema, makeType, type OptionType } from "../module-system/index.ts";

/** A repository of a package set, signed by keys of its own. */
interface RepositoryValue {
  readonly mirror: readonly string[];
  readonly suite: string;
  readonly components: readonly string[];
  readonly keyring: string;
}

/** Which versions of some packages a package set prefers. */
interface PinValue {
  readonly packages: readonly string[];
  readonly suite?: string;
  readonly codename?: string;
  readonly origin?: string;
  readonly version?: string;
  readonly priority: number;
}

/** A package set as configuration sees it: plain data that says where packages come from. */
export interface PackageSetValue {
  readonly type: "debian" | "ubuntu";
  readonly suite: string;
  readonly architecture: string;
  readonly components: readonly string[];
  readonly mirror: readonly string[] | null;
  readonly updates: boolean;
  readonly security: boolean | readonly string[];
  readonly extraSuites: readonly string[];
  readonly snapshot: string | null;
  readonly keyring: string | null;
  readonly checkValidUntil: boolean;
  readonly repositories: Readonly<Record<string, RepositoryValue>>;
  readonly packages: readonly string[];
  readonly pins: readonly PinValue[];
  readonly hold: readonly string[];
  readonly forbid: readonly string[];
  readonly recommends: boolean;
  readonly fallbackMirrors: readonly string[];
}

/** One field's form: how it is checked, and the same as JSON Schema. */
interface Form {
  readonly check: (value: unknown) => boolean;
  readonly schema: JsonSchema;
}

const flag: Form = { check: (value) => typeof value === "boolean", schema: { type: "boolean" } };
const text: Form = { check: (value) => typeof value === "string", schema: { type: "string" } };
const integer: Form = { check: (value) => Number.isInteger(value), schema: { type: "integer" } };
const textOrNull: Form = {
  check: (value) => value === null || text.check(value),
  schema: { type: ["string", "null"] },
};
const texts = listOf(text);
const textsOrNull: Form = {
  check: (value) => value === null || texts.check(value),
  schema: { anyOf: [texts.schema, { type: "null" }] },
};

const repository = record({ mirror: texts, suite: text, components: texts, keyring: text }, [
  "mirror",
  "suite",
  "components",
  "keyring",
]);

const pin = record(
  { packages: texts, suite: text, codename: text, origin: text, version: text, priority: integer },
  ["packages", "priority"],
);

const fields = {
  type: {
    check: (value) => value === "debian" || value === "ubuntu",
    schema: { enum: ["debian", "ubuntu"] },
  },
  suite: text,
  architecture: text,
  components: texts,
  mirror: textsOrNull,
  updates: flag,
  security: {
    check: (value) => flag.check(value) || texts.check(value),
    schema: { anyOf: [flag.schema, texts.schema] },
  },
  extraSuites: texts,
  snapshot: textOrNull,
  keyring: textOrNull,
  checkValidUntil: flag,
  repositories: {
    check: (value) => isRecord(value) && Object.values(value).every(repository.check),
    schema: { type: "object", additionalProperties: repository.schema },
  },
  packages: texts,
  pins: listOf(pin),
  hold: texts,
  forbid: texts,
  recommends: flag,
  fallbackMirrors: texts,
} satisfies Readonly<Record<keyof PackageSetValue, Form>>;

const form = record(fields, ["type", "suite", "architecture"]);

/**
 * A package set, such as `debian({ suite, architecture })` makes. Only its form is checked here. What asks archives
 * checks each value again, and gives what is left out its default.
 */
export const packageSet: OptionType<PackageSetValue> = makeType({
  name: "packageSet",
  description: "package set",
  check: form.check,
  merge: (_location, definitions) => definitions.at(-1)!.value as PackageSetValue,
  toJsonSchema: () => form.schema,
});

function listOf(item: Form): Form {
  return {
    check: (value) => Array.isArray(value) && value.every(item.check),
    schema: { type: "array", items: item.schema },
  };
}

/** An object of these fields and no others. */
function record(fields: Readonly<Record<string, Form>>, required: readonly string[]): Form {
  return {
    check: (value) =>
      isRecord(value) &&
      required.every((key) => Object.hasOwn(value, key)) &&
      Object.entries(value).every(([key, one]) => Object.hasOwn(fields, key) && fields[key]!.check(one)),
    schema: {
      type: "object",
      properties: Object.fromEntries(Object.entries(fields).map(([key, { schema }]) => [key, schema])),
      required,
      additionalProperties: false,
    },
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
