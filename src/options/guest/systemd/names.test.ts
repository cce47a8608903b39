import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { missing } from "../../../os/testing/programs.ts";
import { escapeUnitPath } from "./names.ts";

/** From systemd-escape(1) `--path`, systemd 252. */
const ESCAPED = {
  "/": "-",
  "/a//b/": "a-b",
  "/a-b": "a\\x2db",
  "/.a": "\\x2ea",
  "/a/.b": "a-.b",
  "/a b": "a\\x20b",
  "/ü": "\\xc3\\xbc",
  "/a\\b": "a\\x5cb",
  "/dev/disk/by-id/x:1_2.3": "dev-disk-by\\x2did-x:1_2.3",
};

test("paths become parts of units' names", () => {
  for (const [path, escaped] of Object.entries(ESCAPED)) assert.equal(escapeUnitPath(path), escaped);
});

test("systemd-escape agrees", { skip: missing("systemd-escape") }, () => {
  const paths = Object.keys(ESCAPED);
  const { stdout } = spawnSync("systemd-escape", ["--path", "--", ...paths], { encoding: "utf8" });
  assert.deepEqual(stdout.trim().split(" "), Object.values(ESCAPED));
});
