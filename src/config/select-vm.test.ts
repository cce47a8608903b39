import assert from "node:assert/strict";
import { test } from "node:test";
import { selectVm } from "./select-vm.ts";

test("the only VM goes without saying", () => assert.equal(selectVm(undefined, ["a"], "x"), "a"));

test("of several, the one called default goes without saying", () => {
  assert.equal(selectVm(undefined, ["x", "default"], "x"), "default");
});

test("of several, the one named like the directory goes without saying", () => {
  assert.equal(selectVm(undefined, ["x", "y"], "x"), "x");
});

test("a VM that is not there is an error with a suggestion", () => {
  assert.throws(() => selectVm("wbe", ["web", "db"], "x"), {
    code: "vm-not-found",
    message: 'The project defines no VM "wbe"; did you mean "web"',
    hint: 'Choose one with #NAME: "web", "db"',
  });
});

test("several VMs without a choice are an error that lists them", () => {
  assert.throws(() => selectVm(undefined, ["web", "db"], "x"), {
    code: "vm-not-found",
    message: "The project defines several VMs and none was chosen",
    hint: 'Choose one with #NAME: "web", "db"',
  });
});

test("a project without VMs is an error", () => {
  assert.throws(() => selectVm(undefined, [], "x"), { message: "The project defines no VM" });
});
