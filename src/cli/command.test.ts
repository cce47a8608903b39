import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCommand } from "./command.ts";

const parse = (...args: string[]) =>
  parseCommand("run", args, {
    exec: { type: "string", short: "e" },
    verbose: { type: "boolean", default: false },
  });

test("a command takes options and one reference, by default this directory", () => {
  assert.equal(parse().reference, ".");
  const { reference, values } = parse("path#web", "-e", "true", "--verbose");
  assert.deepEqual([reference, { ...values }], ["path#web", { exec: "true", verbose: true }]);
  assert.equal(parse("--", "-odd-name").reference, "-odd-name");
});

test("what does not fit is wrong usage, and the help is the way out", () => {
  const cases: readonly (readonly [readonly string[], string])[] = [
    [["a", "b", "c"], '"run" takes one project, not "a" and "b" and "c"'],
    [["--loud"], "Unknown option '--loud'"],
    [["-x"], "Unknown option '-x'"],
    [["--exec"], "Option '-e, --exec <value>' argument missing"],
    [["--verbose=1"], "Option '--verbose' does not take an argument"],
    [
      ["--exec", "--verbose"],
      "Option '--exec' argument is ambiguous.\nDid you forget to specify the option argument for '--exec'?\nTo specify an option argument starting with a dash use '--exec=-XYZ'",
    ],
  ];
  for (const [args, message] of cases) {
    assert.throws(() => parse(...args), { code: "bad-usage", message, hint: 'See "microvm run --help"' });
  }
});
