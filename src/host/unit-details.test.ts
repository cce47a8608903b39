import assert from "node:assert/strict";
import { test } from "node:test";
import { journalCommand, parseDetails } from "./unit-details.ts";
import { parseUnits } from "./unit-list.ts";

test("what systemctl shows of units is read, and what it does not know is left out", () => {
  const details = parseDetails(`Id=microvm@web.service
ActiveState=activating
SubState=start
Result=success
StatusText=stage network
StateChangeTimestamp=Thu 2026-11-26 20:58:12.250000 UTC
MainPID=42
MemoryCurrent=1048576
NRestarts=3

Id=microvm@db.service
ActiveState=inactive
SubState=dead
Result=exit-code
StatusText=
StateChangeTimestamp=
MainPID=0
MemoryCurrent=[not set]
NRestarts=0

Id=microvms.target
ActiveState=active
`);
  assert.deepEqual([...details.keys()], ["web", "db"]);
  assert.deepEqual(details.get("web"), {
    ...{ active: "activating", sub: "start", result: "success", status: "stage network", mainPid: 42 },
    ...{ since: Date.parse("2026-11-26T20:58:12.250Z"), memory: 1_048_576, restarts: 3 },
  });
  const { since, memory, mainPid, result } = details.get("db")!;
  assert.deepEqual([since, memory, mainPid, result], [0, null, 0, "exit-code"]);
  // The largest number there is stands for none.
  assert.equal(
    parseDetails("Id=microvm@a.service\nMemoryCurrent=18446744073709551615").get("a")!.memory,
    null,
  );
});

test("a list of units gives the state of each VM", () => {
  const units = parseUnits(`microvm@db-1.service loaded failed   failed       MicroVM 'db-1'
microvm@web.service  loaded active   running      MicroVM 'web'
microvm-virtiofsd@web.service loaded active running VirtioFS
`);
  assert.deepEqual(
    [...units],
    [
      ["db-1", { active: "failed", sub: "failed" }],
      ["web", { active: "active", sub: "running" }],
    ],
  );
  assert.equal(parseUnits("").size, 0);
});

test("a VM's journal is that of all its units, of this user's manager or the machine's", () => {
  const command = journalCommand("user", ["web"], ["--lines=5"]);
  assert.deepEqual(command.slice(0, 4), ["journalctl", "--user", "--no-pager", "--lines=5"]);
  for (const unit of [
    "microvm@web",
    "microvm-virtiofsd@web",
    "microvm-tap-interfaces@web",
    "install-microvm-web",
  ]) {
    assert.ok(command.includes(`--unit=${unit}.service`), unit);
  }
  assert.ok(!journalCommand("system", ["web"], []).includes("--user"));
});
