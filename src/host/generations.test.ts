import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryDirectory } from "../os/testing/temporary-directory.ts";
import * as generations from "./generations.ts";
import { flakeOf, install, listInstalled, readInstalled } from "./installed.ts";

test("generations are numbered links, and one of them is in force", (t) => {
  const state = temporaryDirectory(t);
  assert.deepEqual(generations.listGenerations(join(state, "nothing")), []);
  assert.equal(generations.currentNumber(state), 0);
  const target = join(state, "target");
  mkdirSync(target);
  generations.lockPath(state);
  assert.equal(generations.addGeneration(state, target), 1);
  assert.equal(generations.addGeneration(state, join(state, "gone")), 2);
  generations.setCurrent(state, 1);
  const all = generations
    .listGenerations(state)
    .map(({ number, path, isCurrent }) => [number, path, isCurrent]);
  assert.deepEqual(all, [
    [1, target, true],
    [2, undefined, false],
  ]);
  generations.removeGeneration(state, 2);
  assert.equal(generations.addGeneration(state, target), 2);
  generations.setCurrent(state, 0);
  assert.equal(generations.currentNumber(state), 0);
});

test("a change that begins is written down until it ends", (t) => {
  const state = temporaryDirectory(t);
  generations.lockPath(state);
  for (const pending of [
    { former: 3, target: 4, isNew: true },
    { former: 0, target: 2, isNew: false },
  ]) {
    generations.writePending(state, pending);
    assert.deepEqual(generations.readPending(state), pending);
  }
  assert.equal(readFileSync(join(state, ".generations/pending"), "utf8"), "version 1\nformer 0\ntarget 2\n");
  generations.removePending(state);
  assert.equal(generations.readPending(state), undefined);
});

test("a VM is installed by links, of which the one before is kept", (t) => {
  const stateDirectory = temporaryDirectory(t);
  const store = join(stateDirectory, ".store");
  const describe = (runner: string, facts: object) => {
    mkdirSync(join(store, runner, "share/microvm"), { recursive: true });
    writeFileSync(join(store, runner, "share/microvm/machine.json"), JSON.stringify(facts));
  };
  // As an earlier version made it.
  describe("r1", {});
  mkdirSync(join(store, "system-r1"));
  symlinkSync("../../../system-r1", join(store, "r1/share/microvm/system"));
  describe("r2", { system: "system-r2" });
  const common = { stateDirectory, name: "a", group: undefined };
  install({ ...common, runner: join(store, "r1"), flake: undefined });
  assert.equal(listInstalled(stateDirectory)[0]!.toplevel, "system-r1");
  install({ ...common, runner: join(store, "r2"), flake: undefined });
  install({ ...common, runner: join(store, "r2"), flake: undefined });
  const links = { current: "r2", booted: undefined, old: "r1", toplevel: "system-r2" };
  assert.deepEqual(listInstalled(stateDirectory), [{ name: "a", ...links }]);
  assert.equal(flakeOf(stateDirectory, "a"), undefined);

  install({ ...common, runner: join(store, "r2"), flake: "path:/x" });
  assert.equal(flakeOf(stateDirectory, "a"), "path:/x");
  assert.ok(!existsSync(join(stateDirectory, "a/toplevel")));
  mkdirSync(join(stateDirectory, "half"));
  writeFileSync(join(stateDirectory, "file"), "");
  assert.equal(readInstalled(stateDirectory, "half")!.current, undefined);
  assert.deepEqual(
    listInstalled(stateDirectory).map(({ name }) => name),
    ["a", "half"],
  );
});
