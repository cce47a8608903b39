import assert from "node:assert/strict";
import { test } from "node:test";
import {
  assertionsModule,
  checkAssertions,
  lib,
  mkAliasOptionModule,
  mkChangedOptionModule,
  mkDefault,
  mkDerivedConfig,
  mkForce,
  mkIf,
  mkMergedOptionModule,
  mkOption,
  mkPackageOption,
  mkRemovedOptionModule,
  mkRenamedOptionModule,
  types,
} from "./index.ts";
import { evaluated, faultOf, plainOf } from "./testing/evaluate.ts";

// biome-ignore lint/suspicious/noExplicitAny: what module functions of tests get
type Args = any;

const declared = {
  options: {
    c: { d: { e: mkOption({ type: types.int, default: 0 }) } },
    list: mkOption({ type: types.listOf(types.str), default: [] }),
  },
};

const from = ["a", "b"];
const to = ["c", "d", "e"];

test("a renamed option defines the new one, and both have its value", () => {
  const renamed = mkRenamedOptionModule(from, to);
  const { config } = evaluated(declared, renamed, { a: { b: 1234 } });
  assert.deepEqual([config.c.d.e, config.a.b], [1234, 1234]);
  assert.deepEqual(plainOf(declared, renamed), { c: { d: { e: 0 } }, list: [] });
});

test("who defines a renamed option is warned, who does not is not", () => {
  const warningsOf = (...modules: unknown[]) =>
    checkAssertions(evaluated(assertionsModule, declared, mkRenamedOptionModule(from, to), ...modules).config)
      .warnings;
  assert.deepEqual(warningsOf({ a: { b: 1 } }), [
    'The option "a.b", defined in "d.ts", was renamed to "c.d.e"',
  ]);
  assert.deepEqual(warningsOf({ c: { d: { e: 1 } } }), []);
  assert.deepEqual(warningsOf({ a: { b: mkIf(false, 1) } }), []);
});

test("faults of a forwarded definition name its own file", () => {
  assert.equal(
    faultOf(declared, mkRenamedOptionModule(from, to), { a: { b: "x" } }).message,
    'The option "c.d.e" must be of type "integer", but is "x" in "c.ts"',
  );
  assert.equal(
    faultOf(declared, mkRenamedOptionModule(from, to), { a: { b: 1 } }, { c: { d: { e: 2 } } }).message,
    'The option "c.d.e" has conflicting definitions: 1 in "c.ts", 2 in "d.ts"',
  );
});

test("an alias passes priorities, functions and lists on", () => {
  const alias = mkAliasOptionModule(from, to);
  const read = (...modules: unknown[]) => evaluated(declared, alias, ...modules).config.c.d.e;
  assert.equal(read({ a: { b: 1 } }, { c: { d: { e: mkForce(2) } } }), 2);
  assert.equal(read({ a: { b: mkForce(1) } }, { c: { d: { e: 2 } } }), 1);
  assert.equal(read({ a: { b: () => mkDefault(1) } }, { c: { d: { e: 2 } } }), 2);
  assert.equal(read({ a: { b: () => 3 } }), 3);
  const { config } = evaluated(
    declared,
    mkAliasOptionModule(["old"], ["list"]),
    { old: ["a"] },
    { list: ["b"] },
    { old: ["c"] },
  );
  assert.deepEqual(config.list.toSorted(), ["a", "b", "c"]);
});

test("a removed option says what to do, to who defines it and to who reads it", () => {
  const gone = mkRemovedOptionModule(from, "use c.d.e");
  const { config } = evaluated(assertionsModule, declared, gone, { a: { b: 1 } });
  assert.deepEqual(
    checkAssertions(config).faults.map(({ message }) => message),
    ['The option "a.b", defined in "d.ts", was removed: use c.d.e'],
  );
  assert.deepEqual(checkAssertions(evaluated(assertionsModule, declared, gone).config).faults, []);
  assert.equal(
    faultOf(declared, gone, ({ config: c }: Args) => ({ c: { d: { e: () => c.a.b } } })).message,
    'The option "a.b" was removed: use c.d.e',
  );
});

test("a changed option makes the value of the new one", () => {
  const changed = mkChangedOptionModule(["old"], to, ({ old }: Args) => Number(old) * 2);
  assert.equal(evaluated(declared, changed, { old: "21" }).config.c.d.e, 42);
  assert.equal(evaluated(declared, changed).config.c.d.e, 0);
});

test("several options merge into one that replaces them", () => {
  const merged = mkMergedOptionModule([["x"], ["y"]], ["list"], ({ x, y }: Args) => [x, y]);
  const { config } = evaluated(assertionsModule, declared, merged, { x: "a", y: "b" });
  assert.deepEqual(config.list, ["a", "b"]);
  assert.deepEqual(checkAssertions(config).warnings, [
    'The option "x", defined in "d.ts", was replaced by "list"',
    'The option "y", defined in "d.ts", was replaced by "list"',
  ]);
});

test("a derived definition has the priority of what it follows from", () => {
  const source = { options: { source: mkOption({ type: types.int, default: 1 }) } };
  const derived = ({ options }: Args) => ({
    c: { d: { e: mkDerivedConfig<number>(options.source, (value) => value + 1) } },
  });
  const read = (...modules: unknown[]) =>
    evaluated(
      { options: { c: { d: { e: mkOption({ type: types.int }) } } } },
      source,
      (args: Args) => ({ config: { c: { d: { e: () => derived(args).c.d.e() } } } }),
      ...modules,
    ).config.c.d.e;
  assert.deepEqual(
    [read(), read({ source: 5 }), read({ source: mkDefault(5) }, { c: { d: { e: 9 } } })],
    [2, 6, 9],
  );
});

test("an option for a package defaults to the package of that name", () => {
  const options = {
    hello: mkPackageOption("hello", { example: "hello-traditional", extraDescription: "It greets." }),
    none: mkPackageOption("hello", { nullable: true, default: null }),
    chosen: mkPackageOption("hello", { default: null }),
  };
  const { config } = evaluated({ options });
  assert.deepEqual([config.hello, config.none], ["hello", null]);
  assert.equal(options.hello.description, "The hello package to use. It greets.");
  assert.equal(options.none.type.description, "null or package");
  assert.equal(
    faultOf({ options }).message,
    'The option "chosen" is used but not defined; it is declared in "a.ts"',
  );
  assert.equal(lib.mkEnableOption("hello").description, "Whether to enable hello.");
});
