import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { holdLocks } from "./lock-holder.ts";
import { lockFile } from "./locks.ts";
import { temporaryDirectory } from "./testing/temporary-directory.ts";

test("one lock is held to the end, the other for moments only", async (t) => {
  const directory = temporaryDirectory(t);
  const [alone, shared] = [join(directory, "alone"), join(directory, "shared")];
  const isFree = async (path: string) => {
    const lock = await lockFile(path, { wait: false });
    await lock?.release();
    return lock !== undefined;
  };
  {
    await using holder = await holdLocks(alone, shared);
    assert.deepEqual([await isFree(alone), await isFree(shared)], [false, true]);
    let during: Promise<boolean> | undefined;
    const others: number[] = [];
    await Promise.all([
      holder.whileShared(() => {
        during = isFree(shared);
        // The probe needs this moment to last: it starts a process.
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
      }),
      holder.whileShared(() => others.push(1)),
    ]);
    assert.deepEqual([await during, others], [false, [1]]);
    await (await lockFile(shared)).release();
  }
  assert.ok(await isFree(alone));
});

test("a moment waits for who holds the lock alone, and waiting ends with the signal's reason", async (t) => {
  const directory = temporaryDirectory(t);
  const shared = join(directory, "shared");
  await using holder = await holdLocks(join(directory, "alone"), shared);
  const collector = await lockFile(shared);
  const did: string[] = [];
  const stop = new AbortController();
  const waiting = holder.whileShared(() => did.push("never"), stop.signal);
  const next = holder.whileShared(() => did.push("next"));
  stop.abort(new Error("enough"));
  await assert.rejects(waiting, { message: "enough" });
  assert.deepEqual(did, []);
  await collector.release();
  await next;
  assert.deepEqual(did, ["next"]);
});

test("a task that throws leaves the locks in order; a place that is not there is told", async (t) => {
  const directory = temporaryDirectory(t);
  await using holder = await holdLocks(join(directory, "alone"), join(directory, "shared"));
  const fault = () => {
    throw new Error("fault");
  };
  await assert.rejects(holder.whileShared(fault), { message: "fault" });
  await (await lockFile(join(directory, "shared"))).release();
  await assert.rejects(holdLocks(join(directory, "no/alone"), join(directory, "shared")), { code: "ENOENT" });
});
