/** Options that several modules declare, and sets of options below options. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { evalModules, mkForce, mkOption, types } from "./index.ts";
import { evaluated, faultOf, plainOf } from "./testing/evaluate.ts";

// biome-ignore lint/suspicious/noExplicitAny: what module functions of tests get
type Args = any;

const int = (value: number) => mkOption({ type: types.int, default: value });
const bare = (declaration: object) => ({ options: { bare: mkOption(declaration as Args) } });
const empty = bare({ type: types.submodule({}), default: {} });

test("options that two modules declare in a submodule are all there", () => {
  const one = bare({ type: types.submodule({ options: { a: int(1) } }), default: {} });
  const other = bare({ type: types.submodule({ options: { b: int(2) } }) });
  assert.deepEqual(plainOf(one, other), { bare: { a: 1, b: 2 } });
});

test("options may be declared below an option that is a submodule, in either order", () => {
  const below = { options: { bare: { deep: int(2) } } };
  assert.deepEqual(plainOf(empty, below), { bare: { deep: 2 } });
  assert.deepEqual(plainOf(below, empty, { bare: { deep: 3 } }), { bare: { deep: 3 } });
});

test("an option below a submodule is declared once", () => {
  const below = (type: unknown) => ({ options: { bare: { deep: mkOption({ type } as Args) } } });
  assert.equal(
    faultOf(empty, below(types.int), below(types.str), { bare: { deep: 1 } }).message,
    'The option "bare.deep" is declared with types that exclude each other: "integer" in "b.ts", "string" in "c.ts"',
  );
});

test("no option lies below one that is no submodule", () => {
  const set = { options: { set: mkOption({ type: types.attrsOf(types.int) }) } };
  assert.equal(
    faultOf(set, { options: { set: { enable: int(1) } } }).message,
    '"set" is declared both as an option and as a set of options, one of them in "b.ts"',
  );
});

test("two defaults of one option exclude each other", () => {
  assert.equal(
    faultOf({ options: { a: int(1) } }, { options: { a: int(2) } }).message,
    'The option "a" is declared several times with "default", in "a.ts" and "b.ts"',
  );
});

test("what an option is like is said by one of its declarations", () => {
  const declare = (said: object) => ({
    options: { a: mkOption({ type: types.int, ...said } as Args) },
  });
  for (const said of [{ description: "A." }, { example: 1 }, { readOnly: true }, { apply: String }]) {
    const [key] = Object.keys(said);
    assert.equal(
      faultOf(declare(said), declare(said)).message,
      `The option "a" is declared several times with "${key}", in "a.ts" and "b.ts"`,
    );
  }
  const parts = [declare({ description: "A." }), declare({ example: 1 }), declare({ readOnly: true })];
  const { option, files } = evaluated(...parts, { a: 2 }).root.declared.children.get("a") as Args;
  assert.deepEqual(
    [option.description, option.example, option.readOnly, files],
    ["A.", 1, true, ["a.ts", "b.ts", "c.ts"]],
  );
});

test("a type where an option should be is named", () => {
  assert.equal(
    faultOf({ options: { a: { b: types.listOf(types.str) } } }).message,
    'The option "a.b" in "a.ts" must be declared with mkOption, but is the type "list of string"',
  );
});

const whole = (options: object) => ({
  options: { sub: mkOption({ type: types.submoduleWith(options as Args), default: {} }) },
});

test("submoduleWith gives its modules arguments", () => {
  const modules = [({ who }: Args) => ({ options: { a: mkOption({ type: types.str, default: who }) } })];
  assert.deepEqual(plainOf(whole({ modules, specialArgs: { who: "foo" } })), { sub: { a: "foo" } });
});

test("definitions of submoduleWith are modules, unless they are all config", () => {
  const modules = [{ options: { config: mkOption({ type: types.bool, default: false }) } }];
  const shorthand = { sub: { config: true } };
  const full = { sub: { config: { config: true } } };
  assert.deepEqual(plainOf(whole({ modules, shorthandOnlyDefinesConfig: true }), shorthand), shorthand);
  assert.deepEqual(plainOf(whole({ modules }), full), shorthand);
  assert.equal(
    faultOf(whole({ modules }), shorthand).message,
    'The option "sub" must be of type "attribute set", but is true in "b.ts"',
  );
  assert.equal(
    faultOf(whole({ modules, shorthandOnlyDefinesConfig: true }), full).message,
    'The option "sub.config" must be of type "boolean", but is {"config":true} in "b.ts"',
  );
});

test("modules of several declarations and definitions merge into one submodule", () => {
  const module = (name: string) => ({ options: { [name]: int(1) } });
  const merged = plainOf(
    whole({ modules: [module("a"), module("b")] }),
    { options: { sub: mkOption({ type: types.submoduleWith({ modules: [module("c")] }) }) } },
    { sub: { imports: [module("d")], config: { a: 2 } } },
    { sub: () => ({ config: { d: mkForce(3) } }) },
  );
  assert.deepEqual(merged, { sub: { a: 2, b: 1, c: 1, d: 3 } });
});

test("submodules with the same argument do not combine", () => {
  const specialArgs = { who: 1 };
  assert.equal(
    faultOf(whole({ modules: [], specialArgs }), whole({ modules: [], specialArgs })).message,
    'The option "sub" is declared with types that exclude each other: "submodule" in "a.ts", "submodule" in "b.ts"',
  );
});

test("an evaluation is extended with modules, and is a type", () => {
  const base = evalModules({ modules: [{ options: { a: int(1), b: int(2) } }, { a: 5 }] });
  const more = base.extendModules({ modules: [{ b: 7 }] });
  assert.deepEqual([base.config.b, more.config.a, more.config.b], [2, 5, 7]);
  const outer = { options: { inner: mkOption({ type: base.type, default: {} }) } };
  assert.deepEqual(plainOf(outer, { inner: { b: 3 } }), { inner: { a: 5, b: 3 } });
});

test("an option's type may be put together by modules", () => {
  const submodule = (name: string) => types.submodule({ options: { [name]: int(1) } });
  const { config } = evaluated(
    { options: { type: mkOption({ type: types.optionType }) } },
    { type: submodule("a") },
    { type: submodule("b") },
  );
  assert.deepEqual(plainOf({ options: { x: mkOption({ type: config.type, default: {} }) } }), {
    x: { a: 1, b: 1 },
  });
  assert.throws(
    () => evaluated({ options: { type: mkOption({ type: types.optionType }) } }, { type: "int" }).config.type,
    { message: 'The option "type" must be of type "option type", but is "int" in "b.ts"' },
  );
});
