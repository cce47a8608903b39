import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { missing } from "../os/testing/programs.ts";
import { escapeUnitPath, quoteUnitWord, unitText } from "./units.ts";

test("a unit has its sections in order, booleans as yes and no, lists repeated, nothing empty", () => {
  const text = unitText({
    Unit: { Description: "A", After: [] },
    Install: {},
    Service: { ExecStart: ["", "/bin/a"], Restart: true, PrivateTmp: false, Nice: 5 },
  });
  assert.equal(
    text,
    "[Unit]\nDescription=A\n\n[Service]\nExecStart=\nExecStart=/bin/a\nRestart=yes\nPrivateTmp=no\nNice=5\n",
  );
});

test("a line break in a value begins no setting and hides none", () => {
  const value = "a\n[Service]\r\nExecStart=/bin/evil\n# not a comment\n";
  assert.equal(
    unitText({ Unit: { Description: value, After: "b.target" } }),
    "[Unit]\nDescription=a [Service] ExecStart=/bin/evil # not a comment\nAfter=b.target\n",
  );
  assert.equal(unitText({ Service: { ExecStart: "/bin/a \\\n  b" } }), "[Service]\nExecStart=/bin/a b\n");
});

test("a quoted word is taken literally", () => {
  const words = {
    plain: '"plain"',
    "two words": '"two words"',
    'say "x"': '"say \\"x\\""',
    "back\\slash": '"back\\\\slash"',
    "100%": '"100%%"',
    "a\nb\r": '"a\\nb\\r"',
  };
  for (const [word, quoted] of Object.entries(words)) assert.equal(quoteUnitWord(word), quoted);
});

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
