/** What every option must say of itself, and what is made of it. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { evalModules, mkOption, type Option, type OptionType } from "../module-system/index.ts";
import { documentedOptions, optionsSchema } from "./documentation.ts";
import { guestModule } from "./guest.ts";
import { hostModule } from "./host.ts";

const TOP = join(import.meta.dirname, "../..");

type Declared = ReturnType<typeof evalModules>["root"]["declared"];

/** Every visible option with its declaration, those in submodules too. */
function allOptions(): (readonly [name: string, option: Option])[] {
  const all: (readonly [string, Option])[] = [];
  const visit = (declared: Declared, path: readonly (string | number)[], context: never) => {
    for (const [name, child] of declared.children) {
      const at = [...path, name];
      if (child.kind === "set") visit(child, at, context);
      else if (child.option.internal !== true && child.option.visible !== false) {
        all.push([at.join("."), child.option]);
        const nested = child.option.type.nestedOptions(at, context);
        if (nested) visit(nested.declared, nested.location, context);
      }
    }
  };
  for (const module of [guestModule, hostModule]) {
    const { root } = evalModules({ modules: [module] });
    visit(root.declared, [], root.evaluation.context as never);
  }
  return all;
}

const OPTIONS = allOptions();

/** Types of which one sees what to write. */
const PLAIN_TYPES = new Set([
  "bool",
  "enum",
  "int",
  "unsignedInt",
  "positiveInt",
  "intBetween",
  "port",
  "number",
]);

/** The type behind those that only add null or a restriction. */
function underlying(type: OptionType): OptionType {
  return ["nullOr", "uniq"].includes(type.name) && type.element ? underlying(type.element) : type;
}

describe("every option says what it is", () => {
  test("in a description that is one sentence or more", () => {
    for (const [name, { description }] of OPTIONS) {
      assert.match(
        description ?? "",
        /^[A-Z].*[^.\s]\.$/s,
        `The description of "${name}" must be a sentence`,
      );
    }
  });

  test("with its unit, when it is a size or a time", () => {
    for (const [name, { type, description }] of OPTIONS) {
      if (!/(size|mem|memory|timeout|delay|interval|age)$/i.test(name)) continue;
      if (!/int|number/i.test(underlying(type).name) || underlying(type).name === "port") continue;
      assert.match(
        description ?? "",
        /\b(MiB|GiB|KiB|bytes|seconds|milliseconds|minutes|hours|days|Number of)\b/,
        `The description of "${name}" must name its unit`,
      );
    }
  });

  test("with an example, unless its type says what to write", () => {
    for (const [name, option] of OPTIONS) {
      if (PLAIN_TYPES.has(underlying(option.type).name)) continue;
      assert.notEqual(option.example, undefined, `"${name}" needs an example`);
    }
  });

  test("says what null means", () => {
    for (const [name, { type, description }] of OPTIONS) {
      if (type.name !== "nullOr") continue;
      assert.match(description ?? "", /\b[Nn]ull\b/, `The description of "${name}" must say what null means`);
    }
  });

  test("and the example is a definition that fits", () => {
    for (const [name, { type, example }] of OPTIONS) {
      if (example === undefined) continue;
      const modules = [{ options: { example: mkOption({ type }) } }, { config: { example } }];
      assert.doesNotThrow(() => evalModules({ modules }).force(), `The example of "${name}" must fit`);
    }
  });
});

test("every option is declared in a file of the sources that names it", () => {
  for (const side of ["guest", "host"] as const) {
    for (const { name, path, declarations } of documentedOptions(side)) {
      assert.ok(declarations.length > 0, name);
      for (const file of declarations) {
        assert.ok(existsSync(join(TOP, file)), `"${name}" is declared in "${file}"`);
        assert.ok(
          readFileSync(join(TOP, file), "utf8").includes(`${path.at(-1)}: `),
          `"${name}" in "${file}"`,
        );
      }
    }
  }
});

test("nested options are there, internal ones are not", () => {
  const names = documentedOptions("guest").map(({ name }) => name);
  for (const name of ["microvm.mem", "microvm.volumes.*.image", "systemd.services.<name>.script"]) {
    assert.ok(names.includes(name), name);
  }
  assert.ok(!names.some((name) => name.startsWith("assertions") || name.startsWith("_module")));
  assert.equal(new Set(names).size, names.length);
});

test("the JSON Schema has both sides, and the host's VMs are guests", () => {
  // biome-ignore lint/suspicious/noExplicitAny: a schema is read where it is known
  const schema = optionsSchema() as any;
  const { guest, host } = schema.$defs;
  assert.deepEqual(guest.properties.microvm.properties.mem, {
    type: "integer",
    minimum: 1,
    description: "Memory in MiB. A guest needs at least 32 MiB.",
  });
  const vm = host.properties.microvm.properties.vms.additionalProperties;
  assert.deepEqual(vm.properties.config.anyOf, [{ type: "null" }, { $ref: "#/$defs/guest" }]);
  assert.deepEqual(Object.keys(vm.properties).toSorted(), [
    "autostart",
    "changeLive",
    "config",
    "evaluatedConfig",
    "extraModules",
    "flake",
    "limits",
    "pkgs",
    "restartIfChanged",
    "restartIfUnresponsive",
    "specialArgs",
    "updateFlake",
  ]);
});
