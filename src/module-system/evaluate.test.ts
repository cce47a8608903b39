import assert from "node:assert/strict";
import { test } from "node:test";
import { evalModules, lib, mkDefault, mkForce, mkIf, mkMerge, mkOption, mkOverride, types } from "./index.ts";
import { evaluated, faultOf, plainOf } from "./testing/evaluate.ts";

const numbers = {
  options: {
    a: mkOption({ type: types.int, default: 1 }),
    b: mkOption({ type: types.int, default: 2 }),
    set: { c: mkOption({ type: types.int, default: 3 }) },
    list: mkOption({ type: types.listOf(types.int), default: [] }),
  },
};

// biome-ignore lint/suspicious/noExplicitAny: what module functions of tests get
type Args = any;

test("an option that nobody defines has its default", () => {
  assert.deepEqual(plainOf(numbers), { a: 1, b: 2, set: { c: 3 }, list: [] });
});

test("a module without options and config is all config", () => {
  assert.deepEqual(evaluated(numbers, { a: 5 }).config.a, 5);
});

test("lists of several modules follow each other, imported modules first", () => {
  assert.deepEqual(
    evaluated(numbers, { list: [1] }, { imports: [{ list: [2] }], list: [3] }).config.list,
    [1, 2, 3],
  );
});

test("a module that is imported twice takes part once", () => {
  const shared = { list: [1] };
  assert.deepEqual(evaluated(numbers, shared, { imports: [shared, shared] }).config.list, [1]);
});

test("a disabled module and its imports take no part", () => {
  const disabled = { imports: [{ list: [1] }], list: [2] };
  assert.deepEqual(evaluated(numbers, disabled, { disabledModules: [disabled] }).config.list, []);
});

test("a module function gets config, options, lib and the special arguments", () => {
  const { config } = evalModules({
    modules: [
      numbers,
      ({ domain, lib: given, options }: Args) => ({
        config: { a: () => (options.b.isDefined ? domain.length : 0), b: given === lib ? 9 : 0 },
      }),
    ],
    specialArgs: { domain: "four" },
  });
  assert.deepEqual([config.a, config.b], [4, 9]);
});

test("a definition may be a function that reads any other option", () => {
  const { config } = evaluated(numbers, ({ config }: Args) => ({
    a: () => config.b * 10,
    set: { c: () => config.a + 1 },
  }));
  assert.equal(config.set.c, 21);
});

test("functions are called at any depth and only once", () => {
  let calls = 0;
  const { config } = evaluated(numbers, { list: [() => ++calls] });
  assert.deepEqual([config.list, config.list, calls], [[1], [1], 1]);
});

test("a computed default is called with the module's arguments", () => {
  const module = {
    options: { d: mkOption({ type: types.int, default: ({ config }: Args) => config.a * 7 }) },
  };
  assert.equal(evaluated(numbers, module, { a: 3 }).config.d, 21);
});

test("nothing is evaluated before it is read", () => {
  const { config } = evaluated(numbers, { a: () => assert.fail("read"), b: 7 });
  assert.equal(config.b, 7);
});

test("mkIf around a whole configuration may depend on one of its options", () => {
  const module = ({ config }: Args) => ({ config: mkIf(() => config.a === 1, { b: 5, set: { c: 6 } }) });
  assert.deepEqual(plainOf(numbers, module), { a: 1, b: 5, set: { c: 6 }, list: [] });
  assert.equal(evaluated(numbers, module, { a: 2 }).config.b, 2);
});

test("mkIf with a false condition defines nothing, not even a list's entry", () => {
  assert.deepEqual(plainOf(numbers, { a: mkIf(false, 8), list: [1, mkIf(false, 2)] }), {
    a: 1,
    b: 2,
    set: { c: 3 },
    list: [1],
  });
});

test("a guarded function is called only when its condition holds", () => {
  const module = {
    set: mkIf(
      () => false,
      () => assert.fail("called"),
    ),
  };
  assert.equal(evaluated(numbers, module).config.set.c, 3);
});

test("a function may return a wrapper", () => {
  const { config } = evaluated(numbers, { a: () => mkIf(false, 8), b: () => mkForce(9) }, { b: 10 });
  assert.deepEqual([config.a, config.b], [1, 9]);
});

test("mkMerge gives several definitions in one place", () => {
  assert.deepEqual(
    evaluated(numbers, { config: mkMerge([{ list: [1] }, { list: mkMerge([[2], [3]]) }]) }).config.list,
    [1, 2, 3],
  );
});

test("the definition with the smallest priority counts", () => {
  const { config } = evaluated(
    numbers,
    { a: mkDefault(10), b: mkForce(20), set: mkDefault({ c: 30 }) },
    { a: 11, b: 21 },
  );
  assert.deepEqual([config.a, config.b, config.set.c], [11, 20, 30]);
});

test("a weak definition is not called when a stronger one counts", () => {
  assert.equal(evaluated(numbers, { a: mkDefault(() => assert.fail("called")) }, { a: 4 }).config.a, 4);
});

test("when the strongest definitions turn out not to count the next ones do", () => {
  assert.equal(evaluated(numbers, { a: mkForce(() => mkIf(false, 1)) }, { a: 4 }).config.a, 4);
});

test("a definition weaker than the default does not count", () => {
  assert.equal(evaluated(numbers, { a: mkOverride(2000, 4) }).config.a, 1);
});

test("mkBefore and mkAfter order a list's definitions", () => {
  const { config } = evaluated(
    numbers,
    { list: lib.mkAfter([3]) },
    { list: [2] },
    { list: lib.mkBefore([1]) },
  );
  assert.deepEqual(config.list, [1, 2, 3]);
});

test("apply turns the merged value into the one that is read", () => {
  const module = {
    options: { d: mkOption({ type: types.int, default: 4, apply: (value: number) => `${value}!` }) },
  };
  assert.equal(evaluated(module).config.d, "4!");
});

test("an option tells its definitions with their files", () => {
  const { options } = evaluated(numbers, { a: mkDefault(4) }, { a: 5 });
  assert.deepEqual(options.a.definitions, [{ file: "c.ts", value: 5, priority: 100 }]);
  assert.deepEqual(
    [options.set.c.isDefined, options.set.c.declarations, options.a.value],
    [true, ["a.ts"], 5],
  );
});

test("one option that two modules declare allows what both types allow", () => {
  const module = (name: string) => ({
    options: {
      s: mkOption({
        type: types.attrsOf(types.submodule({ options: { [name]: mkOption({ type: types.int }) } })),
      }),
    },
  });
  assert.deepEqual(plainOf(module("x"), module("y"), { s: { n: { x: 1, y: 2 } } }), {
    s: { n: { x: 1, y: 2 } },
  });
});

test("names of Object.prototype are names like any other", () => {
  const module = { options: { e: mkOption({ type: types.attrsOf(types.str) }) } };
  const e = JSON.parse('{"__proto__":"p","constructor":"c","toString":"t"}');
  assert.equal(JSON.stringify(plainOf(module, { e })), `{"e":${JSON.stringify(e)}}`);
  assert.equal(({} as Args).p, undefined);
  assert.equal(
    faultOf(numbers, JSON.parse('{"__proto__":{"x":1}}')).message,
    'The option "__proto__" does not exist, but is defined in "b.ts"',
  );
});

test("the configuration cannot be changed", () => {
  assert.throws(() => {
    evaluated(numbers).config.a = 2;
  }, /^TypeError: The configuration cannot be changed; define the option in a module instead$/);
  assert.throws(() => evaluated(numbers, { list: [1] }).config.list.push(2), TypeError);
});

test("the configuration can be inspected, spread and compared", () => {
  const { config } = evaluated(numbers);
  assert.deepEqual({ ...config.set }, { c: 3 });
  assert.deepStrictEqual(config.set, { c: 3 });
  assert.equal("c" in config.set && !("d" in config.set), true);
});

test("modules by path come from the caller's loader, once per file", () => {
  const { config } = evalModules({
    modules: [numbers, "./x.ts", "./x.ts"],
    file: "/p/main.ts",
    importModule: (path, from) => ({ file: `${from}:${path}`, module: { list: [from.length] } }),
  });
  assert.deepEqual(config.list, [10]);
});
