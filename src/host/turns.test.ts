import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryDirectory } from "../os/testing/temporary-directory.ts";
import { makeTurns } from "./turns.ts";

test("there is a turn for each processor, which every user may read, and no other", (t) => {
  const state = temporaryDirectory(t);
  const turns = join(state, ".turns");
  makeTurns(state, 3);
  assert.deepEqual(readdirSync(turns).sort(), ["0", "1", "2", "next"]);
  makeTurns(state, 1);
  assert.deepEqual(readdirSync(turns).sort(), ["0", "next"]);
  assert.equal(statSync(join(turns, "0")).mode & 0o7777, 0o644);
});

test("a state directory without room for turns does without", (t) => {
  const state = temporaryDirectory(t);
  writeFileSync(join(state, ".turns"), "in the way");
  makeTurns(state, 1);
  assert.equal(readFileSync(join(state, ".turns"), "utf8"), "in the way");
});
