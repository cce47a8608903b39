import assert from "node:assert/strict";
import { test } from "node:test";
import { MEBI } from "../testing/progress.ts";
import { blockLines } from "./block.ts";
import type { RunningBuild, View } from "./model.ts";

const build = (name: string, fields: Partial<RunningBuild> = {}): RunningBuild => ({
  ...{ path: `hash-${name}`, name, started: 0, isElsewhere: false, share: undefined },
  ...fields,
});

const VIEW: View = {
  downloads: {
    ...{ done: 23, total: 131, received: 12.3 * MEBI, size: 79 * MEBI },
    ...{ rate: 8.1 * MEBI, secondsLeft: 8.2 },
  },
  builds: [
    build("trixie-base", { note: "unpacking", done: 40, total: 130, unit: "packages", share: 0.18 }),
    build("vmlinux", { note: "decompressing" }),
    build("kernel", { isElsewhere: true }),
    build("initrd"),
  ],
  share: 0.349,
};

const WIDE = { columns: 80, rows: 24 };

test("downloads, each running build and the whole have a line", () => {
  assert.deepEqual(blockLines(VIEW, WIDE), [
    " 15 %  Fetching 23/131 packages  12.3/79.0 MiB  8.1 MiB/s  9 s left",
    " 18 %  trixie-base  unpacking 40/130 packages",
    "       vmlinux      decompressing",
    "       kernel       made by another process",
    "       initrd",
    " 34 %  of the whole",
  ]);
});

test("what is not known is left out, and nothing going on is nothing shown", () => {
  const downloads = { done: 0, total: 1, received: 0, size: 0, rate: undefined, secondsLeft: undefined };
  assert.deepEqual(blockLines({ downloads, builds: [], share: undefined }, WIDE), [
    "       Fetching 0/1 package  0.0/0.0 MiB",
  ]);
  assert.deepEqual(blockLines({ downloads: undefined, builds: [], share: 0.5 }, WIDE), []);
});

test("lines are cut to the terminal's columns", () => {
  for (let columns = 1; columns < 100; columns++) {
    for (const line of blockLines(VIEW, { columns, rows: 24 })) {
      assert.ok(line.length <= Math.max(0, columns - 1) || columns === 1, `${columns}: ${line}`);
    }
  }
  assert.equal(blockLines(VIEW, { columns: 30, rows: 24 })[1], " 18 %  trixie-base  unpackin…");
});

test("there are fewer lines than the terminal has rows, and builds without a line are counted", () => {
  for (let rows = 1; rows < 10; rows++) {
    const lines = blockLines(VIEW, { columns: 80, rows });
    assert.equal(lines.length, Math.min(6, Math.max(1, rows - 1)));
    assert.equal(lines.at(-1), " 34 %  of the whole");
  }
  assert.deepEqual(blockLines(VIEW, { columns: 80, rows: 5 }).slice(1, 3), [
    " 18 %  trixie-base  unpacking 40/130 packages",
    "       and 3 more",
  ]);
});

test("the time that is left is rounded up, in the unit that fits", () => {
  const left = (secondsLeft: number) => {
    const [line] = blockLines({ ...VIEW, downloads: { ...VIEW.downloads!, secondsLeft } }, WIDE);
    return line!.split("  ").at(-1);
  };
  const expected = {
    0.1: "1 s left",
    60: "60 s left",
    61: "2 min left",
    3540: "59 min left",
    3900: "1 h 5 min left",
  };
  for (const [seconds, text] of Object.entries(expected)) assert.equal(left(Number(seconds)), text);
});
