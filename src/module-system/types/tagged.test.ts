import assert from "node:assert/strict";
import { test } from "node:test";
import {
  documentOptions,
  mkDefault,
  mkForce,
  mkIf,
  mkMerge,
  mkOption,
  toJsonSchema,
  toPlain,
  traceOption,
  types,
  validatePlain,
} from "../index.ts";
import { evaluated, faultOf, plainOf } from "../testing/evaluate.ts";

// biome-ignore lint/suspicious/noExplicitAny: definitions of tests are wrong, too
type Any = any;

const disk = types.submodule({
  options: {
    path: mkOption({ type: types.str, description: "Where it lies." }),
    size: mkOption({ type: types.int, default: 1, description: "Size in MiB." }),
  },
});
const source = types.attrTag({
  disk: mkOption({ type: disk, description: "A file on the host." }),
  url: mkOption({ type: types.str, description: "Where to fetch it." }),
});
const declared = { options: { source: mkOption({ type: source }) } };
const message = (...definitions: Any[]) =>
  faultOf(declared, ...definitions.map((value) => ({ source: value }))).message;
const DESCRIPTION = 'attribute set with exactly one of "disk", "url"';

test("a tagged union has exactly one of its tags, merged by the tag's option", () => {
  assert.deepEqual(plainOf(declared, { source: { url: "a" } }), { source: { url: "a" } });
  assert.deepEqual(
    plainOf(declared, { source: { disk: { path: "/a" } } }, { source: { disk: { size: () => 2 } } }),
    { source: { disk: { path: "/a", size: 2 } } },
  );
  const { config } = evaluated(
    declared,
    { source: () => ({ url: mkDefault("a") }) },
    { source: { url: "b" } },
  );
  assert.deepEqual(["url" in config.source, "disk" in config.source], [true, false]);
  assert.equal(config.source.url, "b");
});

test("a tagged union without a tag, or with several, is refused", () => {
  const refused = (found: string) =>
    `The option "source" must be of type ${JSON.stringify(DESCRIPTION).replaceAll("\\", "")}, but is ${found} in "b.ts"`;
  assert.equal(message({}), refused("{}"));
  assert.equal(message("a"), refused('"a"'));
  assert.equal(message({ url: "a", disk: { path: "b" } }), refused('{"url":"a","disk":{"path":"b"}}'));
});

test("an unknown tag comes with a suggestion and its file", () => {
  const unknown =
    'The option "source.ulr" does not exist, but is defined in "b.ts"; did you mean "source.url"';
  const never = () => assert.fail("is not needed");
  assert.equal(message({ ulr: never }), unknown);
  const behindNull = { options: { source: mkOption({ type: types.nullOr(source) }) } };
  assert.equal(faultOf(behindNull, { source: { ulr: never } }).message, unknown);
  const checked = types.addCheck(source, () => false);
  assert.equal(
    faultOf({ options: { source: mkOption({ type: checked }) } }, { source: { url: "a" } }).message,
    `The option "source" must be of type "${DESCRIPTION} with a condition", but is {"url":"a"} in "b.ts"`,
  );
});

test("definitions with different tags conflict, unless one is stronger", () => {
  const never = () => assert.fail("is not needed");
  assert.equal(
    message({ url: never }, { disk: never }),
    'The option "source" must have one tag, but is defined as "url" in "b.ts", "disk" in "c.ts"',
  );
  assert.equal(
    message(mkMerge([{ url: never }, { disk: never }])),
    'The option "source" must have one tag, but is defined as "url" in "b.ts", "disk" in "b.ts"',
  );
  const plain = plainOf(declared, { source: { url: "a" } }, { source: mkForce({ disk: { path: "/a" } }) });
  assert.deepEqual(plain, { source: { disk: { path: "/a", size: 1 } } });
  assert.deepEqual(plainOf(declared, { source: mkMerge([mkIf(false, { disk: {} }), { url: "a" }]) }), {
    source: { url: "a" },
  });
});

test("what is strong around a tag says nothing of what is in it", () => {
  const forced = [{ source: mkForce({ url: mkDefault("a") }) }, { source: mkForce({ url: "b" }) }];
  assert.deepEqual(plainOf(declared, ...forced), { source: { url: "b" } });
});

test("a tag's value is checked, and may have a default and be applied", () => {
  assert.equal(message({ url: 1 }), 'The option "source.url" must be of type "string", but is 1 in "b.ts"');
  assert.equal(
    message({ disk: {} }),
    'The option "source.disk.path" is used but not defined; it is declared in "a.ts"',
  );
  assert.equal(
    message({ url: mkIf(false, "a") }),
    'The option "source.url" is used but not defined; it is declared in "a.ts"',
  );
  const apply = (value: number) => value * 2;
  const number = types.attrTag({ n: mkOption({ type: types.int, default: 3, apply }) });
  const module = { options: { x: mkOption({ type: number }) } };
  assert.deepEqual(plainOf(module, { x: { n: 1 } }), { x: { n: 2 } });
  assert.deepEqual(plainOf(module, { x: { n: mkIf(false, 1) } }), { x: { n: 6 } });
});

test("tagged unions are in sets, in lists and in each other", () => {
  const int = mkOption({ type: types.int });
  const inner = types.attrTag({ left: int, right: mkOption({ type: types.str }) });
  const either = types.attrTag({ left: int, right: mkOption({ type: inner }) });
  const options = {
    sets: mkOption({ type: types.attrsOf(either) }),
    list: mkOption({ type: types.listOf(either) }),
  };
  const sets = { a: { left: 1 }, b: { right: { left: 2 } } };
  const list = [{ right: { right: "a" } }, { left: 2 }];
  assert.deepEqual(plainOf({ options }, { sets, list }), { sets, list });
  assert.equal(
    faultOf({ options }, { list, sets: { b: { right: { left: "a" } } } }).message,
    'The option "sets.b.right.left" must be of type "integer", but is "a" in "b.ts"',
  );
});

test("two declarations of a tagged union have the tags of both", () => {
  const first = types.attrTag({
    yay: mkOption({ type: types.int }),
    both: mkOption({ type: types.enum(["foo"]), description: "What both say." }),
  });
  const second = types.attrTag({
    nay: mkOption({ type: types.bool }),
    both: mkOption({ type: types.enum(["bar"]) }),
  });
  const of = (type: Any) => ({ options: { x: mkOption({ type: types.attrsOf(type) }) } });
  const x = { a: { nay: false }, b: { yay: 1 }, c: { both: "foo" }, d: { both: "bar" } };
  assert.deepEqual(plainOf(of(first), of(second), { x }), { x });
  const documented = documentOptions(evaluated(of(first), of(second)));
  const both = documented.find(({ name }) => name === "x.<name>.both")!;
  assert.deepEqual([both.description, both.declarations], ["What both say.", ["a.ts", "b.ts"]]);
  const other = types.attrTag({ yay: mkOption({ type: types.str }) });
  assert.equal(
    faultOf(of(first), of(other)).message,
    'The option "x" is declared with types that exclude each other: "attribute set of attribute set with exactly one of "yay", "both"" in "a.ts", "attribute set of attribute set with exactly one of "yay"" in "b.ts"',
  );
  const again = types.attrTag({ both: mkOption({ type: types.enum(["a"]), description: "Once more." }) });
  assert.equal(faultOf(of(first), of(again)).code, "config-invalid");
});

test("the options of a tagged union are documented, traced, and checked as plain data", () => {
  const evaluation = evaluated(declared, { source: { disk: { path: "/a" } } });
  assert.deepEqual(
    documentOptions(evaluation).map(({ name, type, declarations }) => [name, type, declarations]),
    [
      ["source", DESCRIPTION, ["a.ts"]],
      ["source.disk", "submodule", ["a.ts"]],
      ["source.disk.path", "string", ["a.ts"]],
      ["source.disk.size", "integer", ["a.ts"]],
      ["source.url", "string", ["a.ts"]],
    ],
  );
  assert.deepEqual(traceOption(evaluation, "source.disk.path").definitions, [
    { file: "b.ts", priority: 100, holds: true, shown: '"/a"', value: "/a", strength: "plain", won: true },
  ]);
  const plain = toPlain(evaluation);
  assert.deepEqual(validatePlain(evaluation, plain), []);
  const faults = (value: unknown) =>
    validatePlain(evaluation, { source: value }).map(({ message }) => message);
  const result = "the evaluated configuration";
  assert.deepEqual(faults({ url: 1 }), [
    `The option "source.url" must be of type "string", but is 1 in "${result}"`,
  ]);
  assert.deepEqual(faults({}), [
    `The option "source" must be of type "${DESCRIPTION}", but is {} in "${result}"`,
  ]);
  assert.deepEqual(faults({ ulr: 1 }), [
    `The option "source.ulr" does not exist, but is defined in "${result}"; did you mean "source.url"`,
  ]);
});

test("the JSON Schema of a tagged union is one of its tags", () => {
  const { properties } = toJsonSchema(evaluated(declared)) as Any;
  const one = (tag: string, schema: object) => ({
    type: "object",
    properties: Object.assign(Object.create(null), { [tag]: schema }),
    required: [tag],
    additionalProperties: false,
  });
  const [first, second] = properties.source.oneOf;
  assert.deepEqual([first.required, Object.keys(first.properties)], [["disk"], ["disk"]]);
  assert.deepEqual(second, one("url", { type: "string", description: "Where to fetch it." }));
});

test("what is no plain data in a tag keeps the union out of the plain configuration", () => {
  const raw = types.attrTag({ raw: mkOption({ type: types.raw }), n: mkOption({ type: types.int }) });
  const module = { options: { x: mkOption({ type: raw }), y: mkOption({ type: types.int, default: 1 }) } };
  const evaluation = evaluated(module, { x: { raw: 1n } });
  assert.deepEqual(toPlain(evaluation), { y: 1 });
  assert.equal(evaluation.config.x.raw, 1n);
});

test("a tag that is no option is named", () => {
  assert.throws(() => types.attrTag({ int: types.int } as Any), {
    code: "config-invalid",
    message: 'The tag "int" of types.attrTag must be declared with mkOption',
  });
});
