import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { syncFile, syncFileSystem } from "./sync.ts";
import { temporaryDirectory } from "./testing/temporary-directory.ts";

test("who asks before a sync begins shares it, who asks while it runs gets the next", async (t) => {
  const directory = temporaryDirectory(t);
  const first = syncFileSystem(directory);
  assert.equal(syncFileSystem(directory), first);
  assert.notEqual(syncFileSystem(join(directory, ".")), syncFileSystem("/"));
  // By now it runs.
  await new Promise(setImmediate);
  const second = syncFileSystem(directory);
  assert.notEqual(second, first);
  assert.equal(syncFileSystem(directory), second);
  let isFirstDone = false;
  first.then(() => {
    isFirstDone = true;
  });
  await second;
  assert.ok(isFirstDone);
  assert.notEqual(syncFileSystem(directory), second);
});

test("a sync that fails is told to all who share it, and to nobody else", async (t) => {
  const directory = temporaryDirectory(t);
  const path = join(directory, "file");
  const failing = [syncFileSystem(path), syncFileSystem(path)];
  for (const one of failing) await assert.rejects(one, /No such file/);
  writeFileSync(path, "");
  await syncFileSystem(path);
  await syncFile(path);
});
