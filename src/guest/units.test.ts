import assert from "node:assert/strict";
import { test } from "node:test";
import { quoteUnitWord, unitText } from "./units.ts";

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
