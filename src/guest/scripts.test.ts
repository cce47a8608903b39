import assert from "node:assert/strict";
import { test } from "node:test";
import { lint, missing, syntaxFaults } from "../os/testing/programs.ts";
import { INIT_APPLETS, INIT_SCRIPT } from "./init-script.ts";
import { CONFIGURE_SCRIPT, SANDBOX_SCRIPT } from "./sandbox-script.ts";

for (const [name, script] of Object.entries({ INIT_SCRIPT, SANDBOX_SCRIPT, CONFIGURE_SCRIPT })) {
  test(`${name} is POSIX shell`, () => assert.equal(syntaxFaults(script), ""));
  test(`${name} passes shellcheck`, { skip: missing("shellcheck") }, () => assert.equal(lint(script), ""));
}

test("the initrd has every program that its script calls", () => {
  const called = ["cat", "insmod", "mkdir", "mount", "poweroff", "sleep", "switch_root"];
  for (const program of called) {
    assert.match(INIT_SCRIPT, new RegExp(`(^|[ (])${program} `, "m"));
    assert.ok((INIT_APPLETS as readonly string[]).includes(program), program);
  }
});
