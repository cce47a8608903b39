import assert from "node:assert/strict";
import { test } from "node:test";
import { commandOfLetters } from "./letters.ts";

test("microvm.nix's letters stand for commands", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["-c web", "create -- web"],
    ["-c web -f git+file:///srv/web", "create --flake=git+file:///srv/web -- web"],
    ["-f .#web -c web", "create --flake=.#web -- web"],
    ["-u web", "update -- web"],
    ["-u web db -R", "update --restart -- web db"],
    ["-Ru web", "update --restart -- web"],
    ["-uR web", "update --restart -- web"],
    ["-R -u web", "update --restart -- web"],
    ["-r web", "run-installed -- web"],
    ["-l", "list"],
    ["-s web", "ssh web"],
    ["-sweb", "ssh web"],
    ["-s web ls -l -u", "ssh web -- ls -l -u"],
  ];
  for (const [letters, command] of cases) {
    assert.equal(commandOfLetters(letters.split(" "))?.join(" "), command, letters);
  }
  for (const other of ["list", "--help", "-h", "-V", "-x", ""]) {
    assert.equal(commandOfLetters([other]), undefined);
  }
});

test("letters that do not fit together are wrong usage", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["-c web -u web", '"-c" and "-u" are two commands'],
    ["-u web -f .", '"-f" goes with "-c NAME"'],
    ["-f .", '"-f" goes with "-c NAME"'],
    ["-R", '"-R" goes with "-u NAME…"'],
    ["-lR", '"-R" goes with "-u NAME…"'],
    ["-l web", '"-l" takes no "web"'],
    ["-c", "Option '-c, --c <value>' argument missing"],
    ["-s", '"-s" needs the name of a VM'],
    ["-u web -x", "Unknown option '-x'"],
  ];
  for (const [letters, message] of cases) {
    assert.throws(() => commandOfLetters(letters.split(" ")), {
      code: "bad-usage",
      message,
      hint: 'See "microvm --help"',
    });
  }
});
