import assert from "node:assert/strict";
import { test } from "node:test";
import { painter } from "../output.ts";
import { manualClock } from "../testing/clock.ts";
import { buildEvent, fetchEvent, MEBI, MISSING } from "../testing/progress.ts";
import { plainReporter } from "./plain.ts";

function scene() {
  const clock = manualClock();
  const written: string[] = [];
  const reporter = plainReporter({ write: (text) => written.push(text) }, clock, painter(false));
  return { clock, reporter, text: () => written.splice(0).join("") };
}

test("a run is told in plain lines: what begins, what ends, and in between how far it is", () => {
  const { clock, reporter, text } = scene();
  reporter.step("Fetching the index");
  reporter.missing(MISSING);
  assert.equal(text(), "Fetching the index\nFetching 2 packages, 20.0 MiB\nBuilding 1 store path\n");

  for (const name of ["a.deb", "b.deb"]) reporter.event(fetchEvent(name, { type: "start" }));
  reporter.event(buildEvent("layer", { type: "start" }));
  clock.advance(1900);
  assert.equal(text(), "Building layer\n");
  reporter.event(fetchEvent("a.deb", { type: "progress", done: 5 * MEBI, total: 10 * MEBI, unit: "bytes" }));
  const unpacking = { note: "unpacking", done: 1, total: 5, unit: "packages", share: 0.2 };
  reporter.event(buildEvent("layer", { type: "progress", ...unpacking }));
  clock.advance(100);
  assert.equal(
    text(),
    "21 %: fetching 0/2 packages, 5.0/20.0 MiB, 2.5 MiB/s, 6 s left; layer: unpacking 1/5 packages (19 %)\n",
  );

  for (const name of ["a.deb", "b.deb"]) {
    reporter.event(fetchEvent(name, { type: "done", size: 10 * MEBI, milliseconds: 900 }));
  }
  reporter.warning("the moon is full");
  reporter.event(buildEvent("layer", { type: "done", size: 132 * MEBI, milliseconds: 6200 }));
  assert.equal(
    text(),
    "Fetched 2 packages (2.0 s, 20.0 MiB)\nwarning: the moon is full\nBuilt layer (6.2 s, 132 MiB)\n",
  );
  reporter[Symbol.dispose]();
  clock.advance(60_000);
  assert.equal(text(), "");
});

test("how far it is is told every two seconds at most, and only when it changed", () => {
  const { clock, reporter, text } = scene();
  reporter.missing(MISSING);
  reporter.event(buildEvent("layer", { type: "start" }));
  for (let done = 1; done <= 100; done++) {
    reporter.event(buildEvent("layer", { type: "progress", done, total: 100, unit: "files" }));
    clock.advance(100);
  }
  clock.advance(60_000);
  const progress = text()
    .split("\n")
    .filter((line) => /%/.test(line));
  assert.deepEqual(progress, [
    ...[
      "9 %: layer: 20/100 files (19 %)",
      "19 %: layer: 40/100 files (38 %)",
      "28 %: layer: 60/100 files (57 %)",
    ],
    ...["38 %: layer: 80/100 files (76 %)", "47 %: layer: 100/100 files (95 %)"],
  ]);
});

test("what is over in no time is not told, and work of another process is", () => {
  const { clock, reporter, text } = scene();
  reporter.event(buildEvent("quick", { type: "start" }));
  clock.advance(50);
  reporter.event(buildEvent("quick", { type: "done", size: 1, milliseconds: 50 }));
  reporter.event(buildEvent("layer", { type: "waiting" }));
  clock.advance(2000);
  reporter.event(buildEvent("layer", { type: "cached" }));
  clock.advance(2000);
  assert.equal(text(), "Waiting for layer, which another process makes\nlayer: made by another process\n");
});
