import assert from "node:assert/strict";
import { test } from "node:test";
import { hasChanges, packageChanges } from "./lock-diff.ts";

const list = (text: string) =>
  text.split(" ").map((one) => ({ name: one.split("=")[0]!, version: one.split("=")[1]! }));

test("changes are told by Debian's order of versions, in the order of names", () => {
  const before = list("b=1 a=1.0~rc1 c=2 old=1 same=1");
  const after = list("new=1 c=1:1 b=0.9 a=1.0 same=1");
  assert.deepEqual(packageChanges(before, after), {
    added: [{ name: "new", version: "1" }],
    removed: [{ name: "old", version: "1" }],
    upgraded: [
      { name: "a", from: "1.0~rc1", to: "1.0" },
      { name: "c", from: "2", to: "1:1" },
    ],
    downgraded: [{ name: "b", from: "1", to: "0.9" }],
  });
});

test("lists that are the same but for their order change nothing", () => {
  assert.ok(!hasChanges(packageChanges(list("a=1 b=2"), list("b=2 a=1"))));
  assert.ok(hasChanges(packageChanges(list("a=1"), list("a=1 b=2"))));
});
