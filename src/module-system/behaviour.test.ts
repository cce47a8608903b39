/** How definitions at every depth, types and modules work together. `docs/module-system.md` maps these tests. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  evalModules,
  mkDefault,
  mkForce,
  mkIf,
  mkMerge,
  mkOption,
  mkOptionDefault,
  type OptionType,
  toJsonSchema,
  types,
  withFile,
} from "./index.ts";
import { evaluated, faultOf, plainOf } from "./testing/evaluate.ts";

// biome-ignore lint/suspicious/noExplicitAny: what module functions of tests get
type Args = any;

const off = mkOption({ type: types.bool, default: false });
const enable = { options: { enable: off } };
const subs = {
  options: {
    subs: mkOption({ type: types.attrsOf(types.submodule({ options: { enable: off } })), default: {} }),
  },
};

test("mkForce wins at the depth at which it stands", () => {
  const foo = { subs: { foo: { enable: true }, bar: { enable: true } } };
  const against = (definition: object) => (plainOf(subs, foo, definition) as Args).subs;
  assert.deepEqual(against(mkForce({ subs: { foo: { enable: false } } })), { foo: { enable: false } });
  assert.deepEqual(against({ subs: mkForce({ foo: { enable: false } }) }), { foo: { enable: false } });
  const bar = { enable: true };
  assert.deepEqual(against({ subs: { foo: mkForce({ enable: false }) } }), { foo: { enable: false }, bar });
  assert.deepEqual(against({ subs: { foo: { enable: mkForce(false) } } }), { foo: { enable: false }, bar });
});

test("mkIf takes away what it stands around, and no more", () => {
  const against = (definition: object, ...more: object[]) =>
    (plainOf(enable, subs, definition, ...more) as Args).subs;
  const at = (condition: (config: Args) => boolean) => [
    ({ config }: Args) => mkIf(() => condition(config), { subs: { foo: { enable: true } } }),
    ({ config }: Args) => ({ subs: mkIf(() => condition(config), { foo: { enable: true } }) }),
    ({ config }: Args) => ({ subs: { foo: mkIf(() => condition(config), { enable: true }) } }),
    ({ config }: Args) => ({ subs: { foo: { enable: mkIf(() => condition(config), true) } } }),
  ];
  const results = at((config) => config.enable).map((module) => against(module));
  assert.deepEqual(results, [{}, {}, {}, { foo: { enable: false } }]);
  for (const module of at((config) => config.enable)) {
    assert.deepEqual(against(module, { enable: true }), { foo: { enable: true } });
  }
});

test("a definition may depend on whether an option is declared", () => {
  const dependent = ({ options }: Args) => ({
    config: () => ("enable" in options ? { enable: true } : {}),
  });
  const other = { options: { value: mkOption({ type: types.int, default: 7 }) } };
  assert.deepEqual(plainOf(enable, other, dependent), { enable: true, value: 7 });
  assert.deepEqual(plainOf(other, dependent), { value: 7 });
});

test("one wrong definition among right ones is a fault", () => {
  const value = { options: { value: mkOption({ type: types.ints.unsigned }) } };
  assert.equal(
    faultOf(value, { value: [] }, { value: 42 }).message,
    'The option "value" must be of type "unsigned integer, meaning >=0", but is [] in "b.ts"',
  );
});

test("declared options need not fit the freeform type, also within sets", () => {
  const freeform = { freeformType: types.attrsOf(types.attrsOf(types.str)) };
  const nested = { options: { nest: { foo: off } } };
  assert.deepEqual(plainOf(freeform, nested, { nest: { bar: "x" } }), { nest: { foo: false, bar: "x" } });
  assert.deepEqual(plainOf(freeform, enable, { other: { a: "b" } }), { enable: false, other: { a: "b" } });
});

test("what is declared and what is free may read each other", () => {
  for (const all of [types.attrsOf, types.lazyAttrsOf]) {
    const freeform = { freeformType: all(types.str) };
    const foo = { options: { foo: mkOption({ type: types.nullOr(types.str), default: null }) } };
    const fromFree = ({ config }: Args) => ({ foo: () => config.value });
    assert.deepEqual(plainOf(freeform, foo, fromFree, { value: "24" }), { foo: "24", value: "24" });
    const toFree = ({ config }: Args) => ({ value: () => config.foo });
    assert.deepEqual(plainOf(freeform, foo, toFree, { foo: "24" }), { foo: "24", value: "24" });
  }
});

test("properties of free definitions are applied", () => {
  const freeform = { freeformType: types.attrsOf(types.str) };
  const definitions = mkMerge([{ value: mkIf(false, mkForce("no")) }, { value: mkForce("yes") }]);
  assert.deepEqual(plainOf(freeform, definitions, { value: "no" }), { value: "yes" });
});

test("types with an empty value have it when no definition counts", () => {
  const lazy = (type: OptionType<Args, Args>) => ({
    options: { v: mkOption({ type: types.lazyAttrsOf(type) }) },
  });
  const none = { v: { a: mkIf(false, null) } };
  const emptyOf = (type: OptionType<Args, Args>) => (plainOf(lazy(type), none) as Args).v.a;
  assert.deepEqual(
    [types.listOf(types.int), types.attrsOf(types.int), types.nullOr(types.int), types.submodule({})].map(
      emptyOf,
    ),
    [[], {}, null, {}],
  );
  for (const type of [types.int, types.nonEmptyListOf(types.int)]) {
    assert.equal(
      faultOf(lazy(type), none).message,
      'The option "v.a" is used but not defined; it is declared in "a.ts"',
    );
  }
});

test("raw values merge by priority alone", () => {
  const raw = { options: { raw: mkOption({ type: types.raw }) } };
  const value = { nested: () => 1 };
  assert.equal(evaluated(raw, { raw: mkForce(value) }, { raw: 2 }).config.raw, value);
  assert.throws(() => evaluated(raw, { raw: 1 }, { raw: 1 }).config.raw, {
    message: 'The option "raw" has conflicting definitions: 1 in "b.ts", 1 in "c.ts"',
  });
});

test("what a coercion makes must fit", () => {
  const coerced = {
    options: {
      value: mkOption({
        type: types.coercedTo(types.str, Number, types.ints.between(0, 255)),
        default: "12",
      }),
    },
  };
  assert.deepEqual(plainOf(coerced), { value: 12 });
  assert.equal(
    faultOf(coerced, { value: "1000" }).message,
    'The option "value" must be of type "integer between 0 and 255 (both inclusive)", but is 1000 in "b.ts"',
  );
  assert.equal(
    faultOf(coerced, { value: [] }).message,
    'The option "value" must be of type "integer between 0 and 255 (both inclusive) or string convertible to it", but is [] in "b.ts"',
  );
});

test("a type may have one more condition", () => {
  const even = types.addCheck(types.int, (value: number) => value % 2 === 0, "even integer");
  const options = { options: { value: mkOption({ type: even }) } };
  assert.deepEqual(plainOf(options, { value: 2 }), { value: 2 });
  assert.equal(
    faultOf(options, { value: 3 }).message,
    'The option "value" must be of type "even integer", but is 3 in "b.ts"',
  );
});

test("a type may contain itself", () => {
  const tree: OptionType<Args> = types.submodule(() => ({
    options: {
      size: mkOption({ type: types.int, default: 0 }),
      below: mkOption({ type: types.attrsOf(tree), default: {} }),
    },
  }));
  assert.deepEqual(
    plainOf({ options: { root: mkOption({ type: tree }) } }, { root: { below: { a: { size: 1 } } } }),
    {
      root: { size: 0, below: { a: { size: 1, below: {} } } },
    },
  );
  const schema = JSON.stringify(toJsonSchema(evaluated({ options: { root: mkOption({ type: tree }) } })));
  assert.deepEqual(JSON.parse(schema).properties.root.properties.below, {
    type: "object",
    additionalProperties: { type: "object" },
  });
});

test("a deferred module is evaluated where it is imported, with errors that name its file", () => {
  const nodes = ({ config }: Args) => ({
    options: {
      default: mkOption({ type: types.deferredModule, default: {} }),
      nodes: mkOption({
        type: types.attrsOf(types.submodule({ imports: [{ imports: [() => config.default] }] })),
        default: {},
      }),
    },
  });
  const text = { default: { options: { text: mkOption({ type: types.str, default: "" }) } } };
  const named = { default: ({ name }: Args) => ({ text: mkDefault(name) }) };
  const given = { nodes: { foo: {}, bar: { text: "beta" } } };
  assert.deepEqual(plainOf(nodes, text, named, given), {
    nodes: { foo: { text: "foo" }, bar: { text: "beta" } },
  });
  assert.equal(
    faultOf(nodes, text, { default: { text: 1 } }, given, { nodes: { bar: { text: mkForce("x") } } }).message,
    'The option "nodes.foo.text" must be of type "string", but is 1 in "c.ts"',
  );
});

test("anything takes every wrapper, at every depth", () => {
  const value = { options: { value: mkOption({ type: types.anything }) } };
  assert.deepEqual(
    plainOf(value, {
      value: {
        no: mkIf(false, 1),
        yes: mkIf(true, {}),
        weak: mkMerge([mkDefault(0), 1]),
        merged: mkMerge([{ a: 1 }, { b: 2 }]),
        nested: { foo: mkDefault(1), bar: mkIf(true, { baz: mkForce("baz") }) },
      },
    }),
    { value: { yes: {}, weak: 1, merged: { a: 1, b: 2 }, nested: { foo: 1, bar: { baz: "baz" } } } },
  );
});

test("a definition as weak as a default merges with it", () => {
  const list = { options: { list: mkOption({ type: types.listOf(types.int), default: [1] }) } };
  assert.deepEqual(plainOf(list, { list: mkOptionDefault([2]) }), { list: [1, 2] });
  assert.deepEqual(plainOf(list, { list: mkDefault([2]) }), { list: [2] });
});

test("submodules know nothing of the arguments of what is around them", () => {
  const inner = types.submodule((args: Args) => ({
    options: { seen: mkOption({ type: types.listOf(types.str), default: Object.keys(args).sort() }) },
  }));
  assert.deepEqual(
    plainOf(
      { options: { sub: mkOption({ type: inner, default: {} }) } },
      { _module: { args: { outer: 1 } } },
    ),
    { sub: { seen: ["_class", "_prefix", "config", "lib", "name", "options"] } },
  );
});

test("a definition of a read-only option beside its default is a fault", () => {
  const fixed = { options: { fixed: mkOption({ type: types.int, default: 1, readOnly: true }) } };
  assert.deepEqual(plainOf(fixed), { fixed: 1 });
  assert.equal(
    faultOf(fixed, { fixed: 2 }).message,
    'The option "fixed" is read-only, but is set several times: 1 in "a.ts", 2 in "b.ts"',
  );
});

test("a read-only option has one definition, however strong", () => {
  const fixed = { options: { fixed: mkOption({ type: types.int, readOnly: true }) } };
  const several = 'The option "fixed" is read-only, but is set several times: 1 in "b.ts", 2 in "c.ts"';
  assert.deepEqual(plainOf(fixed, { fixed: 1 }, { fixed: mkIf(false, 2) }), { fixed: 1 });
  assert.equal(faultOf(fixed, { fixed: 1 }, { fixed: mkForce(2) }).message, several);
  assert.equal(faultOf(fixed, { fixed: mkDefault(1) }, { fixed: 2 }).message, several);
});

test("an empty submodule in a lazy set has its options' defaults", () => {
  assert.deepEqual(
    plainOf(
      { options: { subs: mkOption({ type: types.lazyAttrsOf(types.submodule(enable)) }) } },
      { subs: { a: mkIf(false, { enable: true }) } },
    ),
    { subs: { a: { enable: false } } },
  );
});

test("a computed default can tell the files that define its set", () => {
  const sub = types.submodule({
    options: {
      n: mkOption({ type: types.int, default: 0 }),
      files: mkOption({
        type: types.listOf(types.str),
        default: ({ _definedIn }: { readonly _definedIn: readonly string[] }) => _definedIn,
      }),
    },
  });
  const { config } = evalModules({
    modules: [
      { options: { subs: mkOption({ type: types.attrsOf(sub) }) } },
      withFile("a.ts", { subs: { x: { n: 1 }, y: {} } }),
      withFile("b.ts", { subs: { x: mkIf(false, { n: 1 }), y: mkIf(true, {}) } }),
      withFile("c.ts", { subs: { x: () => ({ n: 1 }) } }),
    ],
  });
  assert.deepEqual(
    [config.subs.x.files, config.subs.y.files],
    [
      ["a.ts", "c.ts"],
      ["a.ts", "b.ts"],
    ],
  );
});
