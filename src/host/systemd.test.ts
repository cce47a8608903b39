import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryDirectory } from "../os/testing/temporary-directory.ts";
import { checkHost, isRunning, parseStates } from "./systemd.ts";

test("states of all VMs are read from one answer, and other units are left out", () => {
  const text = `Id=microvm@web.service
ActiveState=active
SubState=running
StateChangeTimestamp=Thu 2026-11-26 20:48:59.250000 UTC

Id=microvm@a-b.service
ActiveState=activating
SubState=auto-restart
StateChangeTimestamp=

Id=cron.service
ActiveState=active
`;
  const states = parseStates(text);
  assert.deepEqual([...states.keys()], ["web", "a-b"]);
  assert.deepEqual(states.get("web"), {
    ...{ active: "active", sub: "running" },
    since: Date.UTC(2026, 10, 26, 20, 48, 59, 250) * 1000,
  });
  assert.equal(states.get("a-b")!.since, 0);
  assert.ok(isRunning(states.get("web")) && isRunning(states.get("a-b")));
  assert.ok(!isRunning(undefined));
  assert.deepEqual([...parseStates("")], []);
});

test("a machine without systemd, or whose units cannot be written, is no host", async (t) => {
  const directory = temporaryDirectory(t);
  const units = join(directory, "units");
  await assert.rejects(checkHost({ scope: "system" }, units, join(directory, "systemd")), {
    code: "host-unsupported",
    message: "This machine does not run systemd, which a host needs",
    hint: 'Without that, "microvm run" runs VMs in the foreground',
  });
  mkdirSync(join(directory, "systemd"));
  await checkHost({ scope: "system" }, units, join(directory, "systemd"));
  writeFileSync(join(directory, "file"), "");
  await assert.rejects(
    checkHost({ scope: "system" }, join(directory, "file/units"), join(directory, "systemd")),
    {
      code: "host-unsupported",
      message: `Cannot write units to "${directory}/file/units"`,
    },
  );
});
