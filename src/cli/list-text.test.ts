import assert from "node:assert/strict";
import { test } from "node:test";
import type { VmOverview } from "../host/overview.ts";
import { listLine, withCheck } from "./list-text.ts";
import { painter } from "./output.ts";

const VM: VmOverview = {
  ...{ name: "web", kind: "flake", state: "current", isBooted: true, unit: "active", isOrphan: false },
  ...{ isDeclared: false, current: "0123456789abcdef-web", booted: "0123456789abcdef-web", wanted: null },
  ...{ flake: "path:/srv", fault: null, mend: null },
};
const line = (changes: Partial<VmOverview>) => listLine({ ...VM, ...changes }, painter(false));

test("each state has microvm.nix's words and the command that mends it", () => {
  const booted = "fedcba9876543210-web";
  const cases: readonly (readonly [Partial<VmOverview>, string])[] = [
    [{}, "web: current(01234567)"],
    [{ isBooted: false, mend: "microvm start web" }, "web: current(01234567), not booted: microvm start web"],
    [
      { isBooted: false, unit: "failed", mend: "microvm start web" },
      "web: current(01234567), not booted, failed: microvm start web",
    ],
    [
      { state: "stale", booted, mend: "microvm restart web" },
      "web: stale(fedcba98), reboot(01234567): microvm restart web",
    ],
    [
      { state: "outdated", wanted: booted, mend: "microvm switch" },
      "web: outdated(01234567), rebuild(fedcba98) and reboot: microvm switch",
    ],
    [
      { state: "broken", current: null, fault: "its directory has no runner", mend: "microvm remove web" },
      "web: broken, its directory has no runner: microvm remove web",
    ],
    [
      { isOrphan: true, isBooted: false, mend: "microvm remove web" },
      "web: current(01234567), not booted, orphaned: microvm remove web",
    ],
  ];
  for (const [changes, text] of cases) assert.equal(line(changes), `${text}\n`);
  assert.match(listLine(VM, painter(true)), /^\x1b\[1mweb\x1b\[0m: /);
});

test("a reference that names something else makes a VM outdated; one that cannot be asked is told", () => {
  const from = "a".repeat(40);
  const now = "b".repeat(40);
  const outdated = withCheck(VM, { isOutdated: true, from, now, fault: null });
  assert.equal(
    listLine(outdated, painter(false)),
    "web: outdated(aaaaaaaa), rebuild(bbbbbbbb) and reboot: microvm update --restart web\n",
  );
  const unknown = withCheck(VM, { isOutdated: true, from: null, now, fault: null });
  assert.match(listLine(unknown, painter(false)), /^web: outdated\(01234567\), rebuild\(bbbbbbbb\)/);
  const failed = withCheck(VM, { isOutdated: false, from: null, now: null, fault: "No network\ngit said" });
  assert.equal(listLine(failed, painter(false)), "web: current(01234567), not checked (No network)\n");
  const orphan = withCheck(
    { ...VM, isOrphan: true, mend: "microvm remove web" },
    { isOutdated: true, from, now, fault: null },
  );
  assert.equal(orphan.mend, "microvm remove web");
  assert.equal(withCheck(VM, undefined), VM);
});
