import assert from "node:assert/strict";
import { test } from "node:test";
import { editDistance, suggest } from "./suggest.ts";

test("swapped neighbours count as one edit", () => assert.equal(editDistance("imgae", "image"), 1));

test("the nearest name is suggested", () => assert.equal(suggest("memm", ["mac", "mem", "name"]), "mem"));

test("a name that is like no other gets no suggestion", () =>
  assert.equal(suggest("zz", ["mem", "vcpu"]), undefined));
