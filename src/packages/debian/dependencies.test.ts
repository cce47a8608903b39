import assert from "node:assert/strict";
import { test } from "node:test";
import { formatGroup, parseRelations } from "./dependencies.ts";

test("alternatives, versions and qualifiers are read", () => {
  const groups = parseRelations(
    "libc6 (>= 2.38), exim4 | mail-transport-agent, python3:any (>=3.11~)",
    "amd64",
  );
  assert.deepEqual(groups, [
    [{ name: "libc6", version: { operator: ">=", bound: "2.38" } }],
    [{ name: "exim4" }, { name: "mail-transport-agent" }],
    [{ name: "python3", qualifier: "any", version: { operator: ">=", bound: "3.11~" } }],
  ]);
});

test("what is restricted to other architectures is left out", () => {
  const field = "a [amd64], b [!amd64], c [arm64 armhf], d [!arm64 !armhf], e [linux-any], f [arm64] | g";
  assert.deepEqual(parseRelations(field, "amd64").map(formatGroup), ["a", "d", "e", "g"]);
});

test("build profiles do not count", () => {
  assert.deepEqual(parseRelations("a <!nocheck>, b (= 1) <cross> <stage1>", "amd64").map(formatGroup), [
    "a",
    "b (= 1)",
  ]);
});

test("the old operators mean or equal", () => {
  assert.deepEqual(parseRelations("a (< 1), b (> 2)", "amd64").map(formatGroup), ["a (<= 1)", "b (>= 2)"]);
});

test("an absent field has no relations", () => {
  assert.deepEqual(parseRelations(undefined, "amd64"), []);
});
