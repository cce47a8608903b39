import assert from "node:assert/strict";
import { test } from "node:test";
import {
  assertionsModule,
  checkAssertions,
  evalModules,
  mkOption,
  toJsonSchema,
  toPlain,
  types,
  validatePlain,
} from "./index.ts";

const module = {
  options: {
    name: mkOption({ type: types.str, default: "a", description: "A name." }),
    secret: mkOption({ type: types.str, default: "b", internal: true }),
    hook: mkOption({ type: types.functionTo(types.str), default: () => "c" }),
    ports: mkOption({ type: types.listOf(types.port), default: [] }),
    disks: mkOption({
      type: types.attrsOf(types.submodule({ options: { size: mkOption({ type: types.ints.positive }) } })),
      default: {},
    }),
  },
};

const evaluated = (...modules: unknown[]) => evalModules({ modules: [module, ...modules] });

test("a plain configuration leaves out what is internal or no data", () => {
  assert.deepEqual(toPlain(evaluated({ disks: { d: { size: 1 } } })), {
    name: "a",
    ports: [],
    disks: { d: { size: 1 } },
  });
});

test("a plain configuration is checked against the options", () => {
  const check = (value: unknown) => validatePlain(evaluated(), value).map(({ message }) => message);
  assert.deepEqual(check({ name: "a", ports: [1], disks: { d: { size: 1 } } }), []);
  assert.deepEqual(check({ name: 1, ports: [-1], disks: { d: {} }, more: 1 }), [
    'The option "name" must be of type "string", but is 1 in "the evaluated configuration"',
    'The option "ports[0]" must be of type "16 bit unsigned integer; between 0 and 65535 (both inclusive)", but is -1 in "the evaluated configuration"',
    'The option "disks.d.size" is used but not defined; it is declared in "<inline>"',
    'The option "more" does not exist, but is defined in "the evaluated configuration"',
  ]);
});

test("options have a JSON Schema", () => {
  assert.deepEqual(JSON.parse(JSON.stringify(toJsonSchema(evaluated()))), {
    type: "object",
    additionalProperties: false,
    properties: {
      name: { type: "string", description: "A name." },
      ports: { type: "array", items: { type: "integer", minimum: 0, maximum: 65535 } },
      disks: {
        type: "object",
        additionalProperties: {
          type: "object",
          additionalProperties: false,
          properties: { size: { type: "integer", minimum: 1 } },
        },
      },
    },
  });
});

test("all failing assertions are reported, and warnings returned", () => {
  // biome-ignore lint/suspicious/noExplicitAny: what module functions of tests get
  const asserting = ({ config }: any) => ({
    config: {
      assertions: [
        { assertion: () => config.name === "b", message: () => `name is ${config.name}` },
        { assertion: true, message: "fine" },
        { assertion: false, message: "never" },
      ],
      warnings: () => ["careful"],
    },
  });
  const { faults, warnings } = checkAssertions(evaluated(assertionsModule, asserting).config);
  assert.deepEqual(
    faults.map(({ message }) => message),
    ["name is a", "never"],
  );
  assert.deepEqual(warnings, ["careful"]);
});
