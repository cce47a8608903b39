import assert from "node:assert/strict";
import { test } from "node:test";
import { consoleLines, keyFilter } from "./terminal.ts";

const ESCAPE = "\x1d";

/** What gets through when these keys come, piece by piece; `LEFT` once the console is left. */
function typed(...pieces: string[]): string[] {
  const passed: string[] = [];
  const filter = keyFilter(
    (keys) => passed.push(keys.toString()),
    () => passed.push("LEFT"),
  );
  for (const piece of pieces) filter(Buffer.from(piece));
  return passed;
}

test("keys are passed on as they come", () => {
  assert.deepEqual(typed("ls\r", "\x03ü"), ["ls\r", "\x03ü"]);
});

test("three escapes in a row leave, in one piece or in several", () => {
  assert.deepEqual(typed(ESCAPE.repeat(3)), ["LEFT"]);
  assert.deepEqual(typed(ESCAPE, ESCAPE, ESCAPE), ["LEFT"]);
});

test("two escapes and another key are passed on", () => {
  assert.deepEqual(typed(ESCAPE, ESCAPE, "a"), [`${ESCAPE}${ESCAPE}a`]);
  assert.deepEqual(typed(`${ESCAPE}${ESCAPE}a${ESCAPE}`, ESCAPE), [`${ESCAPE}${ESCAPE}a`]);
});

test("escapes that were followed by a key do not count", () => {
  assert.deepEqual(typed(`${ESCAPE}${ESCAPE}a${ESCAPE}${ESCAPE}`, "b"), [
    `${ESCAPE}${ESCAPE}a`,
    `${ESCAPE}${ESCAPE}b`,
  ]);
});

test("the last lines of a console are shown without empty ones", () => {
  assert.equal(consoleLines("a\r\nb  \n\n\nc\n", 2), "b\nc");
  assert.equal(consoleLines("", 2), "");
});

test("what would change the terminal is taken out", () => {
  const cases = {
    "\x1b[1;31mred\x1b[0m": "red",
    "\x1b[?25lhidden\x1b[>0q\x1b[!p": "hidden",
    "\x1b[6 qcursor\x1b[200~": "cursor",
    "\x1b]0;a title\x07text": "text",
    "\x1b]8;;https://example.org\x1b\\link\x1b]8;;\x1b\\": "link",
    "\x1bP1$r0m\x1b\\reply\x1bc\x1b(B": "reply",
    "bell\x07 back\x08 null\x00 delete\x7f": "bell back null delete",
    "\u009b31mnot red": "31mnot red",
    "tab\tstays, ünïcode too": "tab\tstays, ünïcode too",
    "unfinished\x1b": "unfinished",
  };
  for (const [output, shown] of Object.entries(cases)) assert.equal(consoleLines(output, 9), shown);
});
