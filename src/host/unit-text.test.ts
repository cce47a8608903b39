import assert from "node:assert/strict";
import { test } from "node:test";
import { keptChanges } from "./hand-edits.ts";
import { sliceOf, userOf, vmOfUnit } from "./names.ts";
import { authorOf, signed, unitPath, unitText, unitWord } from "./unit-text.ts";

test("settings become lines, and what is not set is left out", () => {
  assert.equal(
    unitText({
      Unit: { After: ["a", "b"], Wants: null },
      Service: { Restart: "always", RestartSec: 5, X: true, Y: false },
    }),
    "[Unit]\nAfter=a\nAfter=b\n\n[Service]\nRestart=always\nRestartSec=5\nX=yes\n",
  );
});

test("whose a unit is, its first line tells", () => {
  const text = signed("[Unit]\nDescription=x\n");
  assert.equal(authorOf(text), "microvm");
  assert.equal(authorOf(`${text}After=y\n`), "changed");
  assert.equal(authorOf("[Unit]\n"), "other");
  assert.equal(authorOf(`# mine\n${text}`), "other");
});

test("words and paths mean in a unit what they are", () => {
  assert.equal(unitWord("/srv/vms/%i/run"), "/srv/vms/%i/run");
  assert.equal(unitWord('/a b/"$x\\'), '"/a b/\\"$$x\\\\"');
  assert.equal(unitPath("/50%/x"), "/50%%/x");
  assert.throws(() => unitPath("/a\nExecStart=/bin/sh"), {
    code: "config-invalid",
    message: 'The path "/a\\nExecStart=/bin/sh" cannot stand in a unit',
  });
});

test("each VM has a slice right below microvm.slice, and a user of its own", () => {
  assert.equal(sliceOf("web"), "microvm-web.slice");
  assert.equal(sliceOf("my-vm_1.x"), "microvm-my\\x2dvm_1.x.slice");
  assert.equal(userOf("web-1"), "microvm-web-1");
  const names = ["a.b", "a_b", "x".repeat(40), `${"x".repeat(40)}y`, "store"];
  const users = names.map(userOf);
  assert.equal(new Set(users).size, names.length);
  for (const user of users) assert.match(user, /^[A-Za-z_][A-Za-z0-9_-]{0,30}$/);
  assert.ok(!users.includes("microvm-store"));
  assert.equal(vmOfUnit("microvm@my-vm.service"), "my-vm");
  assert.equal(vmOfUnit("microvm-virtiofsd@my-vm.service"), undefined);
});

const UNIT = "[Unit]\nAfter=a\n\n[Service]\nExecStart=/bin/a\nRestartSec=5\nNoNewPrivileges=yes\n";

test("a change by hand becomes a drop-in that says the same", () => {
  const edited = UNIT.replace("=/bin/a", "=/bin/b \\\n  c")
    .replace("RestartSec=5", "RestartSec=9")
    .concat("Nice=5\n");
  assert.equal(
    keptChanges(edited, UNIT),
    "# What was changed by hand in the unit, before a switch made it anew.\n[Service]\nExecStart=\nExecStart=/bin/b    c\nRestartSec=9\nNice=5\n",
  );
  assert.match(
    keptChanges(UNIT.replace("NoNewPrivileges=yes\n", ""), UNIT),
    /\[Service\]\nNoNewPrivileges=\n$/,
  );
  assert.equal(keptChanges(`# a remark\n${UNIT}`, UNIT), "");
});
