import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { sharedSync } from "./sync.ts";
import { standIn } from "./testing/stand-in.ts";
import { temporaryDirectory } from "./testing/temporary-directory.ts";

test("who asks before a sync begins shares it, who asks later gets another one", async (t) => {
  const directory = temporaryDirectory(t);
  const calls = join(directory, "calls");
  standIn(t, "sync", `echo "$*" >>'${calls}'; real "$@"`);
  let more = true;
  const sync = sharedSync(directory, () => more);
  const first = [sync(), sync()];
  setTimeout(() => {
    first.push(sync());
    more = false;
  }, 10);
  await Promise.all(first);
  assert.equal(first.length, 3);
  await Promise.all([sync(), sync()]);
  assert.equal(readFileSync(calls, "utf8"), `-f ${directory}\n`.repeat(2));
});

test("others who never come are not waited for, and a failure is told to all", async (t) => {
  const directory = temporaryDirectory(t);
  await sharedSync(directory, () => true)();
  const sync = sharedSync(join(directory, "missing"), () => false);
  const answers = await Promise.allSettled([sync(), sync()]);
  assert.deepEqual(
    answers.map(({ status }) => status),
    ["rejected", "rejected"],
  );
});
