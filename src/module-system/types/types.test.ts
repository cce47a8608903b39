import assert from "node:assert/strict";
import { test } from "node:test";
import { mkForce, mkIf, mkOption, types } from "../index.ts";
import { evaluated, faultOf } from "../testing/evaluate.ts";
import type { AnyType } from "./type.ts";

/** The value that definitions of an option of the type merge to. */
function merged(type: AnyType, ...definitions: unknown[]): unknown {
  const option = { options: { x: mkOption({ type }) } };
  return evaluated(option, ...definitions.map((x) => ({ x }))).config.x;
}

/** The message of the fault that the definitions have. */
function refused(type: AnyType, ...definitions: unknown[]): string {
  const option = { options: { x: mkOption({ type }) } };
  return faultOf(option, ...definitions.map((x) => ({ x }))).message;
}

/** Whether one definition fits the type. */
function fits(type: AnyType, ...values: unknown[]): boolean[] {
  return values.map((value) => type.check(value));
}

test("integers have limits", () => {
  assert.deepEqual(fits(types.int, 1, -1, 1.5, 2 ** 53, "1"), [true, true, false, false, false]);
  assert.deepEqual(fits(types.ints.unsigned, 0, -1), [true, false]);
  assert.deepEqual(fits(types.ints.positive, 1, 0), [true, false]);
  assert.deepEqual(fits(types.ints.between(2, 3), 1, 2, 3, 4), [false, true, true, false]);
  assert.deepEqual(fits(types.port, 0, 65535, 65536), [true, true, false]);
  assert.deepEqual(fits(types.number, 1.5, Number.NaN, Infinity), [true, false, false]);
});

test("texts have shapes", () => {
  assert.deepEqual(fits(types.nonEmptyStr, "a", "", " "), [true, false, false]);
  assert.deepEqual(fits(types.strMatching(/a+|b/), "aa", "b", "ab", "aab"), [true, true, false, false]);
  assert.deepEqual(fits(types.path, "/a", "a", "./a"), [true, false, false]);
  assert.deepEqual(fits(types.package, "nginx", "", { name: "nginx" }, {}), [true, false, true, false]);
});

test("equal definitions of a scalar are one, others conflict", () => {
  assert.equal(merged(types.str, "a", "a"), "a");
  assert.equal(
    refused(types.str, "a", "b"),
    'The option "x" has conflicting definitions: "a" in "b.ts", "b" in "c.ts"',
  );
});

test("boolByOr is true when any definition that counts is", () => {
  assert.equal(merged(types.boolByOr, false, true), true);
  assert.equal(merged(types.boolByOr, false, false), false);
  assert.equal(merged(types.boolByOr, true, mkForce(false)), false);
  assert.equal(
    refused(types.boolByOr, true, "a"),
    'The option "x" must be of type "boolean (merged using or)", but is "a" in "c.ts"',
  );
});

test("lines and separated texts are joined", () => {
  assert.equal(merged(types.lines, "a", "b"), "a\nb");
  assert.equal(merged(types.separatedString(":"), "a", "b"), "a:b");
});

test("an enum names its values", () => {
  assert.equal(
    refused(types.enum(["a", "b"]), "c"),
    'The option "x" must be of type "one of "a", "b"", but is "c" in "b.ts"',
  );
});

test("lists are concatenated and their entries checked", () => {
  assert.deepEqual(merged(types.listOf(types.int), [1], [2, mkIf(false, 3)]), [1, 2]);
  assert.equal(
    refused(types.listOf(types.int), [1], ["b"]),
    'The option "x[1]" must be of type "integer", but is "b" in "c.ts"',
  );
  assert.equal(
    refused(types.nonEmptyListOf(types.int), []),
    'The option "x" must be of type "non-empty list of integer", but is [] in "b.ts"',
  );
});

test("attribute sets merge name by name", () => {
  assert.deepEqual(merged(types.attrsOf(types.int), { a: 1, b: 2 }, { b: mkForce(3), c: mkIf(false, 4) }), {
    a: 1,
    b: 3,
  });
  assert.equal(
    refused(types.attrsOf(types.int), { "a b": 1 }, { "a b": 2 }),
    'The option "x."a b"" has conflicting definitions: 1 in "b.ts", 2 in "c.ts"',
  );
});

test("values of an attribute set may need each other", () => {
  const option = { options: { x: mkOption({ type: types.attrsOf(types.int) }) } };
  // biome-ignore lint/suspicious/noExplicitAny: what module functions of tests get
  const module = ({ config }: any) => ({ x: { a: () => config.x.b + 1, b: 1 } });
  assert.deepEqual(evaluated(option, module).config.x, { a: 2, b: 1 });
});

test("a lazy attribute set keeps names whose conditions do not hold", () => {
  assert.deepEqual(merged(types.lazyAttrsOf(types.nullOr(types.int)), { a: mkIf(false, 1), b: 2 }), {
    a: null,
    b: 2,
  });
});

test("null excludes other definitions", () => {
  assert.equal(merged(types.nullOr(types.int), null, null), null);
  assert.equal(
    refused(types.nullOr(types.int), null, 1),
    'The option "x" has conflicting definitions: null in "b.ts", 1 in "c.ts"',
  );
  assert.equal(
    refused(types.nullOr(types.int), "a"),
    'The option "x" must be of type "null or integer", but is "a" in "b.ts"',
  );
});

test("of several types the first that fits all definitions merges them", () => {
  assert.deepEqual(merged(types.oneOf([types.bool, types.int, types.listOf(types.str)]), ["a"], ["b"]), [
    "a",
    "b",
  ]);
  assert.equal(
    refused(types.either(types.bool, types.int), "a"),
    'The option "x" must be of type "boolean or integer", but is "a" in "b.ts"',
  );
});

test("uniq takes one definition", () => {
  assert.equal(
    refused(types.uniq(types.listOf(types.int)), [1], [2]),
    'The option "x" has conflicting definitions: [1] in "b.ts", [2] in "c.ts"',
  );
});

test("coercedTo turns one type into another", () => {
  const type = types.coercedTo(types.str, (text) => [text], types.listOf(types.str));
  assert.deepEqual(merged(type, "a", ["b"]), ["a", "b"]);
});

test("anything merges attribute sets in depth", () => {
  assert.deepEqual(merged(types.anything, { a: { b: 1 } }, { a: { c: [() => 2] }, d: mkIf(false, 1) }), {
    a: { b: 1, c: [2] },
  });
  assert.equal(
    refused(types.anything, { a: 1 }, { a: 2 }),
    'The option "x.a" has conflicting definitions: 1 in "b.ts", 2 in "c.ts"',
  );
});

test("functionTo merges what functions return", () => {
  const result = merged(
    types.functionTo(types.lines),
    (a: string) => a,
    () => "b",
  );
  assert.equal((result as (argument: string) => string)("a"), "a\nb");
});

test("raw values stay as they are and are no plain data", () => {
  const value = new Map();
  assert.equal(merged(types.raw, value), value);
  const option = { options: { x: mkOption({ type: types.raw, default: value }) } };
  assert.deepEqual(evaluated(option).collectErrors(), []);
});

test("several deferred modules are one that imports them from their files", () => {
  const module = { options: { m: mkOption({ type: types.deferredModule }) } };
  const inner = { options: { list: mkOption({ type: types.listOf(types.int) }) } };
  const { m } = evaluated(module, { m: { list: [1] } }, { m: () => ({ list: ["x"] }) }).config;
  assert.equal(
    faultOf(inner, m).message,
    'The option "list[1]" must be of type "integer", but is "x" in "c.ts"',
  );
});

test("a submodule has options of its own and knows its name", () => {
  const type = types.attrsOf(
    types.submodule(({ name }: { name: string }) => ({
      options: { id: mkOption({ type: types.str, default: name }) },
    })),
  );
  assert.deepEqual(merged(type, { a: {}, b: { id: "c" } }), { a: { id: "a" }, b: { id: "c" } });
});

test("definitions of a submodule merge, and may be module functions", () => {
  const type = types.submodule({
    options: {
      a: mkOption({ type: types.int }),
      b: mkOption({ type: types.listOf(types.int), default: [] }),
    },
  });
  // biome-ignore lint/suspicious/noExplicitAny: what module functions of tests get
  const module = ({ config }: any) => ({ config: { a: () => config.b.length }, imports: [{ b: [5] }] });
  assert.deepEqual(merged(type, { b: [1, 2] }, module), { a: 3, b: [5, 1, 2] });
});

test("a freeform type takes what is not declared", () => {
  const type = types.submodule({
    freeformType: types.attrsOf(types.str),
    options: { port: mkOption({ type: types.port, default: 80 }) },
  });
  assert.deepEqual(merged(type, { root: "/srv" }, { index: mkIf(true, "a") }), {
    port: 80,
    root: "/srv",
    index: "a",
  });
  assert.equal(
    refused(type, { root: 1 }),
    'The option "x.root" must be of type "string", but is 1 in "b.ts"',
  );
});

test("a unique value has at most one definition, with the reason for it", () => {
  const whole = types.unique({ message: "It is read as a whole" }, types.attrsOf(types.str));
  const option = { options: { x: mkOption({ type: whole }) } };
  const errors = (...definitions: object[]) =>
    evaluated(option, ...definitions.map((x) => ({ x })))
      .collectErrors()
      .map(({ message, hint }) => [message, hint]);
  assert.deepEqual(errors({ a: "1" }, { b: "2" }), [
    [
      'The option "x" has conflicting definitions: {"a":"1"} in "b.ts", {"b":"2"} in "c.ts"',
      "It is read as a whole",
    ],
  ]);
  assert.deepEqual(merged(whole, { a: "1" }, mkForce({ b: "2" })), { b: "2" });
  assert.equal(refused(whole, { a: 1 }), 'The option "x.a" must be of type "string", but is 1 in "b.ts"');
});

test("types in a union and results of functions combine", () => {
  const sub = (name: string) =>
    types.submodule({ options: { [name]: mkOption({ type: types.int, default: 1 }) } });
  const both = (make: (sub: AnyType) => AnyType, x: unknown) =>
    evaluated(
      { options: { x: mkOption({ type: make(sub("a")) }) } },
      { options: { x: mkOption({ type: make(sub("b")) }) } },
      { x },
    ).config.x;
  assert.deepEqual({ ...both((type) => types.either(types.int, type), {}) }, { a: 1, b: 1 });
  assert.deepEqual(
    {
      ...both(
        (type) => types.functionTo(type),
        (n: number) => ({ a: n }),
      )(2),
    },
    { a: 2, b: 1 },
  );
  assert.equal(types.either(types.int, types.str).combine(types.either(types.str, types.int)), undefined);
});

test("texts that match the same pattern are one type, coercions never are", () => {
  const combines = (make: () => AnyType) => make().combine(make()) !== undefined;
  assert.ok(combines(() => types.strMatching("a+")));
  assert.ok(!combines(() => types.coercedTo(types.int, String, types.str)));
});
