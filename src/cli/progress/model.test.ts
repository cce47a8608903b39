import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { buildEvent, fetchEvent, MEBI, MISSING } from "../testing/progress.ts";
import { progressModel } from "./model.ts";

/** A run that has this work before it. */
function run() {
  const model = progressModel();
  model.expect(MISSING);
  return model;
}

describe("the model of a run", () => {
  test("downloads are counted together, with their rate and the time that is left", () => {
    const model = run();
    assert.equal(model.view(0).downloads, undefined);
    for (const name of ["a.deb", "b.deb"]) model.take(fetchEvent(name, { type: "start" }), 0);
    for (let now = 125; now <= 2000; now += 125) {
      for (const name of ["a.deb", "b.deb"]) {
        model.take(fetchEvent(name, { type: "progress", done: (now / 1000) * MEBI, unit: "bytes" }), now);
      }
    }
    assert.deepEqual(model.view(2000).downloads, {
      done: 0,
      total: 2,
      received: 4 * MEBI,
      size: 20 * MEBI,
      rate: 2 * MEBI,
      secondsLeft: 8,
    });
    assert.equal(
      model.take(fetchEvent("a.deb", { type: "done", size: 10 * MEBI, milliseconds: 1 }), 3000),
      undefined,
    );
    assert.equal(model.view(3000).downloads?.done, 1);
    assert.deepEqual(model.take(fetchEvent("b.deb", { type: "cached" }), 4000), {
      what: "downloads",
      count: 2,
      size: 20 * MEBI,
      milliseconds: 4000,
    });
    assert.equal(model.view(4000).downloads, undefined);
  });

  test("a download that begins anew takes nothing back", () => {
    const model = run();
    model.take(fetchEvent("a.deb", { type: "start" }), 0);
    const received = [4, 1, 3, 5].map((mebibytes) => {
      model.take(fetchEvent("a.deb", { type: "progress", done: mebibytes * MEBI, unit: "bytes" }), 0);
      return model.view(0).downloads!.received / MEBI;
    });
    assert.deepEqual(received, [4, 4, 4, 5]);
  });

  test("a build is told while it runs, with what it does and how much of it is done", () => {
    const model = run();
    const only = () => {
      const [build, ...others] = model.view(0).builds;
      assert.deepEqual(others, []);
      const { isElsewhere, note, done, total, share } = build!;
      return { isElsewhere, note, done, total, share };
    };
    const none = { isElsewhere: false, note: undefined, done: undefined, total: undefined, share: undefined };
    model.take(buildEvent("layer", { type: "waiting" }), 5);
    assert.deepEqual(only(), { ...none, isElsewhere: true });
    model.take(buildEvent("layer", { type: "start" }), 10);
    assert.deepEqual(only(), none);
    const unpacking = { note: "unpacking", done: 10, total: 40 };
    model.take(buildEvent("layer", { type: "progress", ...unpacking, unit: "packages", share: 0.1 }), 20);
    assert.deepEqual(only(), { ...none, ...unpacking, share: 0.095 });
    model.take(buildEvent("layer", { type: "progress", note: "normalising" }), 30);
    assert.deepEqual(only(), { ...none, note: "normalising", share: 0.095 });
    model.take(buildEvent("layer", { type: "publishing" }), 30);
    assert.deepEqual(only(), { ...none, note: "writing to the disk", share: 0.95 });
    const done = { type: "done", size: 7, milliseconds: 100 } as const;
    assert.deepEqual(model.take(buildEvent("layer", done), 40), {
      what: "build",
      name: "layer",
      size: 7,
      milliseconds: 100,
    });
    assert.deepEqual(model.view(40).builds, []);
  });

  test("a step that took no time, a failed one and one that another process did are not told", () => {
    const model = run();
    const ends = [
      { type: "done", size: 7, milliseconds: 99 },
      { type: "failed" },
      { type: "cached" },
    ] as const;
    for (const end of ends) {
      model.take(buildEvent("layer", { type: "start" }), 0);
      assert.equal(model.take(buildEvent("layer", end), 0), undefined);
      assert.deepEqual(model.view(0).builds, []);
    }
  });

  test("the share of the whole counts all work, is full only at the end, and never falls", () => {
    const model = run();
    const steps = [
      fetchEvent("a.deb", { type: "progress", done: 5 * MEBI, total: 10 * MEBI, unit: "bytes" }),
      fetchEvent("a.deb", { type: "progress", done: 1 * MEBI, total: 10 * MEBI, unit: "bytes" }),
      fetchEvent("a.deb", { type: "done", size: 10 * MEBI, milliseconds: 1 }),
      buildEvent("layer", { type: "progress", share: 0.5 }),
      buildEvent("layer", { type: "progress", share: 0.2 }),
      buildEvent("layer", { type: "progress", done: 3, total: 2 }),
      buildEvent("layer", { type: "progress", done: 0, total: 0, share: Number.NaN }),
      fetchEvent("b.deb", { type: "cached" }),
      buildEvent("stranger", { type: "done", size: 1, milliseconds: 1 }),
      buildEvent("layer", { type: "publishing" }),
      buildEvent("layer", { type: "done", size: 1, milliseconds: 1 }),
    ];
    assert.equal(model.view(0).share, 0);
    const shares = steps.map((event) => {
      model.take(event, 0);
      return Math.round(model.view(0).share! * 1e6) / 1e6;
    });
    assert.deepEqual(shares, [0.11875, 0.11875, 0.25, 0.4875, 0.4875, 0.725, 0.725, 0.975, 0.975, 0.975, 1]);
    model.expect([{ path: "hash-more", name: "more", fetch: undefined, work: 2000 }]);
    assert.equal(model.view(0).share, 1);
    assert.equal(progressModel().view(0).share, undefined);
  });
});
