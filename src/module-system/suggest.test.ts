import assert from "node:assert/strict";
import { test } from "node:test";
import { editDistance, suggest } from "./suggest.ts";

test("swapped neighbours count as one edit", () => assert.equal(editDistance("imgae", "image"), 1));

test("the nearest name is suggested", () => assert.equal(suggest("memm", ["mac", "mem", "name"]), "mem"));

test("a name that is like no other gets no suggestion", () =>
  assert.equal(suggest("zz", ["mem", "vcpu"]), undefined));

test("the only name that begins so is suggested", () => {
  assert.equal(suggest("ena", ["package", "enable"]), "enable");
  assert.equal(suggest("ena", ["enabled", "enableFor"]), undefined);
  assert.equal(suggest("en", ["enable"]), undefined);
});
