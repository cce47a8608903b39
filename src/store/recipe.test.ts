import assert from "node:assert/strict";
import { test } from "node:test";
import { isStorePathName, storePathName } from "./recipe.ts";
import { fixedFile, recipe } from "./testing/recipes.ts";

test("equal recipes have equal paths, on every machine", () => {
  assert.equal(storePathName(recipe("hello")), storePathName(recipe("hello")));
  assert.equal(storePathName(recipe("hello")), "m457y379s4sq9ff1t1f4gm6vjrby5pjt-hello");
});

test("a path has 32 characters of the alphabet, then the name", () => {
  assert.match(storePathName(recipe("a.b-1")), /^[0-9abcdefghjkmnpqrstvwxyz]{32}-a\.b-1$/);
  assert.ok(isStorePathName(storePathName(recipe("a.b-1"))));
  assert.ok(!isStorePathName(".tmp"));
});

test("the order of members and absent members do not matter", () => {
  const one = recipe("hello", { params: { a: 1, b: { c: [2], d: null } } });
  const other = recipe("hello", { params: { b: { d: null, c: [2] }, e: undefined, a: 1 } });
  assert.equal(storePathName(one), storePathName(other));
});

test("kind, version, name, params, inputs, references and exact modes each change the path", () => {
  const inputs = { base: recipe("base"), more: [recipe("m")] };
  const variants = [
    {},
    { kind: "tree" },
    { version: 2 },
    { params: { text: "other" } },
    { inputs },
    { inputs: { ...inputs, more: [] } },
    { inputs, references: ["base"] },
    { exactModes: true },
  ];
  const paths = variants.map((fields) => storePathName(recipe("hello", fields)));
  assert.equal(new Set([...paths, storePathName(recipe("hullo"))]).size, variants.length + 1);
});

test("a changed input changes everything that depends on it", () => {
  const top = (text: string) => {
    const bottom = recipe("bottom", { params: { text } });
    return recipe("top", { inputs: { middle: [recipe("middle", { inputs: { bottom } })] } });
  };
  assert.notEqual(storePathName(top("a")), storePathName(top("b")));
});

test("a fixed file is named by its content, wherever it comes from", () => {
  const one = fixedFile("f", "content");
  const other = { ...one, kind: "copy", version: 7, params: { url: "https://example.net" } };
  assert.equal(storePathName(one), storePathName(other));
  assert.notEqual(storePathName(one), storePathName(fixedFile("f", "other")));
});

test("names that are no part of a path are refused", () => {
  for (const name of ["", ".hidden", "a/b", "a b", "ä", "x".repeat(201)]) {
    assert.throws(() => storePathName(recipe(name)), /Not a name for a store path/);
  }
});

test("what JSON cannot hold is refused", () => {
  for (const value of [Number.NaN, () => 1, new Date(0), new Map()]) {
    assert.throws(() => storePathName(recipe("x", { params: value as never })), /Not a/);
  }
});

test("a reference must be an input, a checksum a checksum, a fixed file without references", () => {
  assert.throws(() => storePathName(recipe("x", { references: ["nope"] })), /has no input "nope"/);
  assert.throws(() => storePathName(recipe("x", { fixed: { sha256: "ABC" } })), /Not a sha-256 checksum/);
  const fixed = { ...fixedFile("x", ""), inputs: { a: recipe("a") }, references: ["a"] };
  assert.throws(() => storePathName(fixed), /cannot have references/);
});
