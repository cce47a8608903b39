/** Whatever a module may be or hold: it works as data, or the error names the file. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { mkOption, toPlain, types } from "./index.ts";
import { evaluated, faultOf, plainOf } from "./testing/evaluate.ts";

// biome-ignore lint/suspicious/noExplicitAny: what module functions of tests get
type Args = any;

const declared = {
  options: {
    any: mkOption({ type: types.anything, default: null }),
    text: mkOption({ type: types.str, default: "" }),
    map: mkOption({ type: types.attrsOf(types.str), default: {} }),
    sub: mkOption({
      type: types.attrsOf(types.submodule({ options: { x: mkOption({ type: types.int, default: 0 }) } })),
      default: {},
    }),
  },
};

const message = (...modules: unknown[]) => faultOf(declared, ...modules).message;

test("a class, an array or null is no module", () => {
  assert.equal(message(class Guest {}), 'The module "b.ts" is a class');
  assert.equal(
    message(new (class Guest {})()),
    'The module "b.ts" must be an attribute set or a function that returns one, but is an instance of Guest',
  );
  assert.equal(
    message([{ text: "a" }]),
    'The module "b.ts" must be an attribute set or a function that returns one, but is a list',
  );
  assert.equal(
    message(null),
    'The module "b.ts" must be an attribute set or a function that returns one, but is null',
  );
});

test("an asynchronous module is refused", () => {
  assert.equal(
    message(async () => ({ text: "a" })),
    'The module "b.ts" is a promise',
  );
  assert.equal(message(Promise.reject(new Error("unheard"))), 'The module "b.ts" is a promise');
});

test("a proxy of plain data is plain data", () => {
  assert.equal(evaluated(declared, new Proxy({ text: "a" }, {})).config.text, "a");
});

test("a proxy that throws is named by its file", () => {
  const trap = (name: string) => new Proxy({}, { [name]: () => assert.fail("trapped") });
  for (const name of ["ownKeys", "getOwnPropertyDescriptor", "getPrototypeOf"]) {
    const thrown = message(trap(name));
    assert.match(thrown, /^The module in "b\.ts" threw \(at ".*bad-input\.test\.ts:\d+"\): trapped$/);
  }
  assert.match(
    message({ any: trap("ownKeys") }),
    /^The definition of "any" in "b\.ts" threw \(at ".*"\): trapped$/,
  );
});

test("getters are read as data, and those that throw are named", () => {
  const getter = {
    get text() {
      return "got";
    },
  };
  assert.equal(evaluated(declared, getter).config.text, "got");
  const throwing = {
    get text(): string {
      throw new Error("gone");
    },
  };
  assert.match(message(throwing), /^The definition of "config" in "b\.ts" threw \(at ".*"\): gone$/);
  const options = {
    get options(): object {
      throw new Error("gone");
    },
  };
  assert.match(message(options), /^The module in "b\.ts" threw \(at ".*"\): gone$/);
});

test("modules that import each other are each there once", () => {
  const one: Args = { config: { map: { a: "1" } } };
  const other = { imports: [one], config: { map: { b: "2" } } };
  one.imports = [other];
  assert.deepEqual(plainOf(declared, one), { any: null, text: "", map: { a: "1", b: "2" }, sub: {} });
});

test("names of prototypes are data and reach no prototype", () => {
  const names = JSON.parse('{"__proto__": "a", "constructor": "b", "toString": "c"}');
  const plain = plainOf(declared, { map: names, any: { deep: names } }, { any: { deep: names } }) as Args;
  assert.deepEqual(Object.entries(plain.map), [
    ["__proto__", "a"],
    ["constructor", "b"],
    ["toString", "c"],
  ]);
  assert.deepEqual(Object.keys(plain.any.deep), ["__proto__", "constructor", "toString"]);
  const sub = plainOf(declared, { sub: JSON.parse('{"__proto__": {"x": 1}}') }) as Args;
  assert.equal(Object.getOwnPropertyDescriptor(sub.sub, "__proto__")?.value.x, 1);
  assert.equal(({} as Args).x, undefined);
  assert.equal(
    message(JSON.parse('{"__proto__": {"x": 1}}')),
    'The option "__proto__" does not exist, but is defined in "b.ts"',
  );
});

test("symbols as names are no data", () => {
  assert.deepEqual(plainOf(declared, { any: { [Symbol("s")]: 1, a: 2 } }), {
    any: { a: 2 },
    text: "",
    map: {},
    sub: {},
  });
  assert.equal(
    message({ any: Symbol("s") }),
    'The option "any" must be of type "anything", but is a symbol in "b.ts"',
  );
});

function nest(depth: number, innermost: unknown): unknown {
  let nested = innermost;
  for (let level = 0; level < depth; level++) nested = { n: nested };
  return nested;
}

test("data that is nested too deeply is named", () => {
  const shallow = evaluated(declared, { any: nest(100, 1) });
  assert.deepEqual(toPlain(shallow).any, nest(100, 1));
  assert.equal(
    message({ any: nest(10_000, 1) }),
    'The value of the option "any" in "b.ts" contains itself or is nested too deeply',
  );
  assert.equal(
    message({ options: nest(10_000, mkOption({ type: types.int })) }),
    'The options of the module "b.ts" are nested too deeply',
  );
  assert.equal(
    message({ text: nest(10_000, 1) }),
    'The option "text" must be of type "string", but is a value that cannot be shown in "b.ts"',
  );
});

test("a long text is data, and shortened in messages", () => {
  const long = "x".repeat(1_000_000);
  assert.equal((plainOf(declared, { text: long }) as Args).text.length, 1_000_000);
  assert.ok(message({ sub: { a: { x: long } } }).length < 200);
  assert.ok(message({ [long]: 1 }).endsWith('does not exist, but is defined in "b.ts"'));
});

test("names with dots are quoted", () => {
  assert.equal(
    message({ sub: { "a.b": { x: "1" } } }),
    'The option "sub."a.b".x" must be of type "integer", but is "1" in "b.ts"',
  );
  const dotted = { options: { "a.b": mkOption({ type: types.int, default: 1 }) } };
  assert.deepEqual(plainOf(dotted, { "a.b": 2 }), { "a.b": 2 });
  assert.equal(message({ a: { b: 1 } }), 'The option "a" does not exist, but is defined in "b.ts"');
});

test("a thousand modules that import each other in a row take part", () => {
  let chain: Args = { map: { a: "1" } };
  for (let depth = 0; depth < 1000; depth++) chain = { imports: [chain] };
  assert.deepEqual(evaluated(declared, chain).config.map, { a: "1" });
});

test("what a definition throws is said, whatever it is", () => {
  for (const [thrown, said] of [
    [new Error("broken"), "broken"],
    ["text", '"text"'],
    [undefined, "undefined"],
    [null, "null"],
  ]) {
    const definition = () => {
      throw thrown;
    };
    assert.ok(message({ text: definition }).endsWith(`threw: ${said}`) || thrown instanceof Error);
    assert.match(message({ text: definition }), /^The definition of "text" in "b\.ts" threw/);
  }
});
