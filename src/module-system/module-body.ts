/** What a module says: its parts, once its function was called. */
import { type Attributes, getAttribute, isAttributes } from "./attributes.ts";
import { isEvaluation } from "./evaluations.ts";
import { badModule } from "./faults.ts";
import { showValue } from "./show.ts";
import { isType } from "./types/option-type.ts";
import type { AnyType } from "./types/type.ts";
import { asWrapper } from "./wrappers.ts";

/** A module that takes part in an evaluation. */
export interface CollectedModule {
  readonly file: string;
  readonly options?: unknown;
  readonly config?: unknown;
  readonly freeformType?: AnyType;
  /** What kind of evaluation the module is for; absent when it does not say. */
  readonly class?: string;
  /** The module's options are the same object in every evaluation. */
  readonly unchanging: boolean;
}

/** A module and what it says of others. */
interface ModuleBody {
  readonly module: CollectedModule;
  readonly imports: readonly unknown[];
  readonly disabled: readonly unknown[];
  /** What identifies the module instead of the object that it is. */
  readonly key: string | undefined;
}

/** Reads a module that is no function. */
export function readBody(body: unknown, file: string, unchanging: boolean): ModuleBody {
  if (typeof body === "object" && body !== null && isEvaluation(body)) {
    throw badModule(
      `The module "${file}" is what evalModules returned`,
      "Import the modules that were evaluated instead",
    );
  }
  if (!isAttributes(body)) throw notAModule(body, file);
  if (asWrapper(body)) {
    return { module: { file, unchanging, config: body }, imports: [], disabled: [], key: undefined };
  }
  return {
    module: partsOf(body, file, unchanging),
    imports: listOf(body, "imports", file),
    disabled: listOf(body, "disabledModules", file),
    key: readString(body, "key", file),
  };
}

function readString(body: Attributes, name: "key" | "_class", file: string): string | undefined {
  const value = getAttribute(body, name) ?? undefined;
  if (value === undefined || typeof value === "string") return value;
  throw badModule(`"${name}" of the module "${file}" must be a string, but is ${showValue(value)}`);
}

function listOf(body: Attributes, name: string, file: string): readonly unknown[] {
  const value = getAttribute(body, name);
  if (value === undefined) return [];
  if (Array.isArray(value)) return value;
  throw badModule(`"${name}" of the module "${file}" must be a list, but is ${showValue(value)}`);
}

/** Names with a meaning of their own, in a module without `options` and `config`. */
const MODULE_KEYS = new Set([
  "imports",
  "disabledModules",
  "freeformType",
  "key",
  "_class",
  "options",
  "config",
]);

/** Splits a module into its parts; without `options` and `config` all the rest is `config`. */
function partsOf(body: Attributes, file: string, unchanging: boolean): CollectedModule {
  const freeformType = readFreeformType(body, file);
  const kind = readString(body, "_class", file);
  const common = {
    file,
    unchanging,
    ...(freeformType && { freeformType }),
    ...(kind !== undefined && { class: kind }),
  };
  if (Object.hasOwn(body, "options") || Object.hasOwn(body, "config")) {
    const stray = Object.keys(body).find((name) => !MODULE_KEYS.has(name));
    if (stray !== undefined) {
      throw badModule(
        `The module "${file}" has the key "${stray}" beside "options" or "config"`,
        `Move "${stray}" below "config"`,
      );
    }
    return { ...common, options: getAttribute(body, "options"), config: getAttribute(body, "config") };
  }
  return {
    ...common,
    config: Object.keys(body).some((name) => MODULE_KEYS.has(name)) ? withoutKeys(body) : body,
  };
}

function readFreeformType(body: Attributes, file: string): AnyType | undefined {
  const type = getAttribute(body, "freeformType");
  if (type === undefined || isType(type)) return type;
  throw badModule(`"freeformType" of the module "${file}" must be a type, but is ${showValue(type)}`);
}

function withoutKeys(body: Attributes): Attributes {
  const rest: Attributes = Object.create(null);
  for (const name of Object.keys(body)) if (!MODULE_KEYS.has(name)) rest[name] = body[name];
  return rest;
}

function notAModule(value: unknown, file: string): Error {
  if (value instanceof Promise) {
    value.catch(() => {});
    return badModule(`The module "${file}" is a promise`, "Modules are evaluated at once; remove the async");
  }
  const found = Array.isArray(value) ? "a list" : showValue(value);
  return badModule(
    `The module "${file}" must be an attribute set or a function that returns one, but is ${found}`,
  );
}
