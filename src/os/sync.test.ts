import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, before, test } from "node:test";
import { sharedSync } from "./sync.ts";

const directory = mkdtempSync(join(tmpdir(), "sync-"));
const calls = join(directory, "calls");
const path = process.env.PATH ?? "";

/** Stands before the real program, and writes down that it was called. */
before(() => {
  writeFileSync(
    join(directory, "sync"),
    `#!/bin/sh\necho "$*" >>"${calls}"\nPATH='${path}' exec sync "$@"\n`,
    {
      mode: 0o755,
    },
  );
  process.env.PATH = `${directory}${delimiter}${path}`;
});

after(() => {
  process.env.PATH = path;
  rmSync(directory, { recursive: true });
});

test("who asks before a sync begins shares it, who asks later gets another one", async () => {
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
  const call = `-f ${directory}\n`;
  assert.equal(readFileSync(calls, "utf8"), call.repeat(2));
});

test("others who never come are not waited for, and a failure is told to all", async () => {
  await sharedSync(directory, () => true)();
  const sync = sharedSync(join(directory, "missing"), () => false);
  const answers = await Promise.allSettled([sync(), sync()]);
  assert.deepEqual(
    answers.map(({ status }) => status),
    ["rejected", "rejected"],
  );
});
