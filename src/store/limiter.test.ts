import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { limiter } from "./limiter.ts";

test("no more tasks run at once than there are places, in the order in which they came", async () => {
  const gate = limiter(2);
  const events: string[] = [];
  const task = (name: string) => async () => {
    events.push(`${name} begins`);
    await setImmediate();
    events.push(`${name} ends`);
    return name;
  };
  const results = ["a", "b", "c"].map((name) => gate.run(task(name)));
  assert.equal(gate.waiting, 1);
  assert.deepEqual(await Promise.all(results), ["a", "b", "c"]);
  assert.deepEqual(events, ["a begins", "b begins", "a ends", "c begins", "b ends", "c ends"]);
  assert.equal(gate.waiting, 0);
});

test("a task that leaves makes room for one other, whatever becomes of it", async () => {
  const gate = limiter(1);
  const { promise: end, reject } = Promise.withResolvers<never>();
  const first = gate.run(async (leave) => {
    leave();
    leave();
    await end;
  });
  const running: string[] = [];
  const others = ["second", "third"].map((name) =>
    gate.run(async () => {
      running.push(name);
      await setImmediate();
      assert.deepEqual(running, name === "second" ? ["second"] : ["second", "third"]);
    }),
  );
  await Promise.all(others);
  reject(new Error("its own"));
  await assert.rejects(first, /its own/);
  assert.equal(await gate.run(async () => "free"), "free");
});
