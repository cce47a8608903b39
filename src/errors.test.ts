import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { MicrovmError, messageOf, systemCode } from "./errors.ts";

const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");

test("the page of errors lists exactly the program's codes, in order", () => {
  const [, union] = /type ErrorCode =([^;]+);/.exec(read("./errors.ts"))!;
  const codes = [...union!.matchAll(/"([a-z-]+)"/g)].map(([, code]) => code);
  const listed = [...read("../docs/errors.md").matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, code]) => code);
  assert.ok(codes.length > 20);
  assert.deepEqual(listed, codes);
});

test("an error has a code, a message, and what leads to it and out of it", () => {
  const cause = new Error("cause");
  const error = new MicrovmError("unsupported", "It cannot", { hint: "Do it", cause });
  assert.deepEqual(
    [error.name, error.code, error.message, error.hint, error.cause],
    ["MicrovmError", "unsupported", "It cannot", "Do it", cause],
  );
  assert.ok(!("cause" in new MicrovmError("unsupported", "It cannot")));
});

test("anything that is thrown has a message, and a failed call its code", () => {
  assert.equal(messageOf(new Error("text")), "text");
  assert.equal(messageOf(undefined), "undefined");
  assert.equal(systemCode(Object.assign(new Error(), { code: "ENOENT" })), "ENOENT");
  assert.equal(systemCode({ code: "ENOENT" }), undefined);
});
