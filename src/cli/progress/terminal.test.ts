import assert from "node:assert/strict";
import { test } from "node:test";
import { painter } from "../output.ts";
import { manualClock } from "../testing/clock.ts";
import { buildEvent, fetchEvent, MEBI, MISSING } from "../testing/progress.ts";
import { fakeScreen } from "../testing/screen.ts";
import { terminalReporter } from "./terminal.ts";

/** A reporter on a screen of this size. */
function scene({ columns = 80, rows = 24 } = {}) {
  const clock = manualClock();
  const screen = fakeScreen({ columns, rows });
  return { clock, screen, reporter: terminalReporter(screen, clock, painter(false)) };
}

/** Up to the middle of a run: one file is half fetched, the layer is unpacked to a fifth. */
function begin({ clock, reporter }: Pick<ReturnType<typeof scene>, "clock" | "reporter">): void {
  reporter.step("Fetching the index");
  reporter.missing(MISSING);
  for (const name of ["a.deb", "b.deb"]) reporter.event(fetchEvent(name, { type: "start" }));
  clock.advance(1000);
  reporter.event(fetchEvent("a.deb", { type: "progress", done: 5 * MEBI, total: 10 * MEBI, unit: "bytes" }));
  reporter.event(buildEvent("layer", { type: "start" }));
  const unpacking = { note: "unpacking", done: 1, total: 5, unit: "packages", share: 0.2 };
  reporter.event(buildEvent("layer", { type: "progress", ...unpacking }));
  clock.advance(100);
}

const BLOCK = ` 25 %  Fetching 0/2 packages  5.0/20.0 MiB  4.5 MiB/s  4 s left
 19 %  layer  unpacking 1/5 packages
 21 %  of the whole`;

test("what is going on is a block that is redrawn in place, and finished steps stay above it", () => {
  const all = scene();
  const { clock, screen, reporter } = all;
  begin(all);
  assert.equal(screen.text(), `Fetching the index\n${BLOCK}`);
  for (const name of ["a.deb", "b.deb"]) {
    reporter.event(fetchEvent(name, { type: "done", size: 10 * MEBI, milliseconds: 900 }));
  }
  reporter.warning("the moon is full");
  reporter.event(
    buildEvent("layer", { type: "progress", note: "configuring", done: 1, total: 5, share: 0.6 }),
  );
  clock.advance(100);
  const above = "Fetching the index\nFetched 2 packages (1.1 s, 20.0 MiB)\nwarning: the moon is full\n";
  assert.equal(screen.text(), `${above} 57 %  layer  configuring 1/5\n 78 %  of the whole`);
  reporter.event(buildEvent("layer", { type: "done", size: 132 * MEBI, milliseconds: 66_200 }));
  reporter[Symbol.dispose]();
  assert.equal(screen.text(), `${above}Built layer (1 min 6 s, 132 MiB)\n`);
});

test("the block is gone when the work ends early, and nothing comes after it", () => {
  const all = scene();
  begin(all);
  all.reporter.event(buildEvent("layer", { type: "failed" }));
  all.reporter[Symbol.dispose]();
  const { length } = all.screen.writes;
  all.clock.advance(10_000);
  assert.equal(all.screen.text(), "Fetching the index\n");
  assert.equal(all.screen.writes.length, length);
});

test("the screen is drawn at most ten times a second, and not at all while nothing changes", () => {
  const { clock, screen, reporter } = scene();
  reporter.missing(MISSING);
  reporter.event(buildEvent("layer", { type: "start" }));
  for (let done = 1; done <= 1000; done++) {
    reporter.event(buildEvent("layer", { type: "progress", done, total: 1000, unit: "files" }));
    clock.advance(1);
  }
  assert.equal(screen.writes.length, 10);
  clock.advance(60_000);
  assert.equal(screen.writes.length, 10);
});

test("a small terminal is never scrolled by the block", () => {
  const all = scene({ columns: 30, rows: 3 });
  begin(all);
  assert.equal(all.screen.text(), "Fetching the index\n 25 %  Fetching 0/2 packages…\n 21 %  of the whole");
});

/** A terminal that keeps what it is sent. */
function recorder(columns: number) {
  const writes: string[] = [];
  return { columns, rows: 24, writes, write: (text: string) => void writes.push(text) };
}

test("a terminal that became narrower is cleared of the lines that it wrapped", () => {
  const clock = manualClock();
  const terminal = recorder(60);
  const reporter = terminalReporter(terminal, clock, painter(false));
  reporter.missing(MISSING);
  reporter.event(buildEvent("layer", { type: "progress", note: "x".repeat(40) }));
  clock.advance(100);
  terminal.columns = 30;
  reporter.event(buildEvent("layer", { type: "progress", note: "y" }));
  clock.advance(100);
  // The first line takes two rows now, the second one; the cursor is in the last of them.
  assert.equal(terminal.writes.at(-1), "\r\x1b[2A       layer  y\x1b[K\n  0 %  of the whole\x1b[K\x1b[J");
});

test("only a terminal with colours gets them", () => {
  const plain = scene();
  begin(plain);
  assert.doesNotMatch(plain.screen.writes.join(""), /\x1b\[[\d;]*m/);
  const clock = manualClock();
  const terminal = recorder(80);
  const reporter = terminalReporter(terminal, clock, painter(true));
  begin({ clock, reporter });
  reporter.warning("the moon is full");
  reporter.event(buildEvent("layer", { type: "done", size: MEBI, milliseconds: 6200 }));
  reporter[Symbol.dispose]();
  const text = terminal.writes.join("");
  assert.match(text, /\x1b\[1m 21 % {2}of the whole\x1b\[0m/);
  assert.match(text, /\x1b\[33mwarning:\x1b\[0m the moon is full/);
  assert.match(text, /Built layer \x1b\[2m\(6\.2 s, 1\.0 MiB\)\x1b\[0m/);
});
