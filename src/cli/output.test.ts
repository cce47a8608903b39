import assert from "node:assert/strict";
import { test } from "node:test";
import { isTerminal, painter } from "./output.ts";

test("a dumb terminal is none", () => {
  assert.ok(isTerminal({ isTTY: true }, "xterm"));
  assert.ok(isTerminal({ isTTY: true }, undefined));
  assert.ok(!isTerminal({ isTTY: true }, "dumb"));
  assert.ok(!isTerminal({ isTTY: false }, "xterm"));
  assert.ok(!isTerminal({}, "xterm"));
});

test("where there are no colours a text stays as it is", () => {
  assert.equal(painter(false)("red", "text"), "text");
  assert.equal(painter(true)("red", "text"), "\x1b[31mtext\x1b[0m");
});
