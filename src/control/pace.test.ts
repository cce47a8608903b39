import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { newPace, pauseAfter } from "./pace.ts";

/** So many pauses, when each look takes so long. */
function pauses(count: number, took: number): number[] {
  const all: number[] = [];
  for (let index = 0; index < count; index++) all.push(Math.round(pauseAfter(took, all.at(-1))));
  return all;
}

test("what answers at once is looked at soon, and then less", () => {
  assert.deepEqual(pauses(9, 1), [10, 14, 20, 28, 39, 55, 77, 100, 100]);
});

test("looks that take long leave the guest the most of its time", () => {
  assert.deepEqual(pauses(7, 20), [80, 112, 157, 220, 308, 400, 400]);
});

test("one that took very long does not put the next one off for long", () => {
  assert.deepEqual(pauses(2, 10_000), [500, 500]);
  assert.equal(pauseAfter(1, 500), 100);
});

test("a pause ends early when something happens, or with its signal", async () => {
  const pace = newPace();
  await pace.next(undefined);
  const waiting = pace.next(undefined).then(() => "over");
  pace.soon();
  assert.equal(await Promise.race([waiting, setImmediate("still waiting")]), "over");
  const stop = new AbortController();
  const stopped = pace.next(stop.signal);
  stop.abort(new Error("stopped"));
  await assert.rejects(stopped, /stopped/);
});
