import assert from "node:assert/strict";
import { test } from "node:test";
import { literal } from "./literal.ts";

test("values read as a project file writes them", () => {
  const cases: readonly (readonly [unknown, string])[] = [
    [null, "null"],
    ["a\n", '"a\\n"'],
    [[], "[]"],
    [{}, "{}"],
    [["-m", 0], '["-m", 0]'],
    [{ "vm.swappiness": 10, ok: [true] }, '{ "vm.swappiness": 10, ok: [true] }'],
  ];
  for (const [value, text] of cases) assert.equal(literal(value), text);
});

test("a long value goes over several lines", () => {
  const text = "x".repeat(60);
  assert.equal(
    literal({ list: [text, text], short: { a: 1 } }),
    `{
  list: [
    "${text}",
    "${text}",
  ],
  short: { a: 1 },
}`,
  );
});
