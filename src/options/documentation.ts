/** Every option that a guest and a host can be told, as documentation describes it. */
import {
  documentOptions,
  evalModules,
  type JsonSchema,
  type OptionDocumentation,
  toJsonSchema,
} from "../module-system/index.ts";
import { guestModule } from "./guest.ts";
import { hostModule } from "./host.ts";

/** Whom an option is for. */
export type Side = "guest" | "host";

const MODULES: Readonly<Record<Side, unknown>> = { guest: guestModule, host: hostModule };

/** The option of a host whose value is a guest's module. */
const GUEST_OF_HOST = "microvm.vms.<name>.config";

/** The options of one side. */
export function documentedOptions(side: Side): readonly OptionDocumentation[] {
  return documentOptions(evalModules({ modules: [MODULES[side]] }));
}

/** A JSON Schema with the definitions `guest` and `host`: what each may be told, as far as JSON can say it. */
export function optionsSchema(): JsonSchema {
  const host = { ...sideSchema("host"), description: "Configuration of a host." };
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Options of microvm",
    $defs: { guest: { ...sideSchema("guest"), description: "Configuration of a guest." }, host },
    $ref: "#/$defs/guest",
  };
}

function sideSchema(side: Side): JsonSchema {
  const schema: Schema = structuredClone(toJsonSchema(evalModules({ modules: [MODULES[side]] })));
  for (const { path, name, opaque, description } of documentedOptions(side)) {
    const parent = opaque ? schemaAt(schema, path.slice(0, -1)) : undefined;
    if (!parent?.properties) continue;
    parent.properties[path.at(-1)!] = {
      description,
      ...(name === GUEST_OF_HOST && { anyOf: [{ type: "null" }, { $ref: "#/$defs/guest" }] }),
    };
  }
  return schema;
}

type Schema = {
  properties?: Record<string, Schema | JsonSchema>;
  additionalProperties?: Schema;
  items?: Schema;
  readonly [keyword: string]: unknown;
};

/** The part of a schema that is for the values at a documented path. */
function schemaAt(schema: Schema, path: readonly string[]): Schema | undefined {
  let at: Schema | undefined = schema;
  for (const part of path) {
    if (part === "*") at = at?.items;
    else if (part === "<name>") at = at?.additionalProperties;
    else at = at?.properties?.[part];
  }
  return at;
}
