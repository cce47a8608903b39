import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { missing } from "../os/testing/programs.ts";
import { type CpioEntry, cpioArchive } from "./cpio.ts";

const ENTRIES: readonly CpioEntry[] = [
  { path: "dev", type: "directory", mode: 0o755 },
  { path: "dev/console", type: "character-device", mode: 0o600, major: 5, minor: 1 },
  { path: "bin", type: "directory", mode: 0o755 },
  { path: "bin/a", type: "file", mode: 0o755, content: Buffer.from("12345") },
  { path: "bin/ünd", type: "symlink", target: "a" },
];

/** Reads the "newc" form. */
function parse(archive: Buffer) {
  const members = [];
  for (let at = 0; ; ) {
    assert.equal(at % 4, 0);
    assert.equal(archive.toString("latin1", at, at + 6), "070701");
    const field = (index: number) =>
      Number.parseInt(archive.toString("latin1", at + 6 + 8 * index, at + 14 + 8 * index), 16);
    const aligned = (offset: number) => (offset + 3) & ~3;
    const nameEnd = at + 110 + field(11);
    const content = aligned(nameEnd);
    const path = archive.toString("utf8", at + 110, nameEnd - 1);
    if (path === "TRAILER!!!") return members;
    members.push({
      path,
      inode: field(0),
      mode: field(1),
      owner: [field(2), field(3)],
      time: field(5),
      device: [field(9), field(10)],
      content: archive.toString("utf8", content, content + field(6)),
    });
    at = aligned(content + field(6));
  }
}

test("an archive holds its entries in order, owned by root, without times", () => {
  const same = { owner: [0, 0], time: 0, device: [0, 0], content: "" };
  assert.deepEqual(parse(cpioArchive(ENTRIES)), [
    { ...same, path: "dev", inode: 1, mode: 0o40755 },
    { ...same, path: "dev/console", inode: 2, mode: 0o20600, device: [5, 1] },
    { ...same, path: "bin", inode: 3, mode: 0o40755 },
    { ...same, path: "bin/a", inode: 4, mode: 0o100755, content: "12345" },
    { ...same, path: "bin/ünd", inode: 5, mode: 0o120777, content: "a" },
  ]);
});

test("the same entries give the same bytes", () => {
  assert.deepEqual(cpioArchive(ENTRIES), cpioArchive(structuredClone(ENTRIES)));
});

test("cpio lists the archive", { skip: missing("cpio") }, () => {
  const { stdout } = spawnSync("cpio", ["-t", "--quiet"], { input: cpioArchive(ENTRIES), encoding: "utf8" });
  assert.equal(stdout.replaceAll("\\303\\274", "ü"), ENTRIES.map(({ path }) => `${path}\n`).join(""));
});
