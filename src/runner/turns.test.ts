import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { lint, missing, syntaxFaults } from "../os/testing/programs.ts";
import { START_READY } from "./lifecycle.ts";
import { workplace } from "./testing/workplace.ts";
import { TAKE_TURN } from "./turns.ts";

/** What is left of `microvm-run`; the hypervisor is `sleep`, and its word what is written to the file NAME. */
const text = (name: string, accelerator = "tcg") => `#!/bin/sh
set -eu
accel=${accelerator}
${TAKE_TURN}
${START_READY}
: >${name}
exec sleep 60
`;

test("turns are taken in POSIX shell", () => assert.equal(syntaxFaults(text("a")), ""));
test("turns pass shellcheck", { skip: missing("shellcheck") }, () => assert.equal(lint(text("a")), ""));

test("emulated VMs of a unit start as their turns come, and others at once", {
  timeout: 30_000,
}, async (t) => {
  const place = workplace(t);
  const turns = join(dirname(place.vm), ".turns");
  mkdirSync(turns);
  for (const name of ["next", "0"]) writeFileSync(join(turns, name), "");
  place.program("systemd-notify", 'echo "$*" >>told');
  // The turn ends with it.
  place.script("microvm-ready", "#!/bin/sh\nwhile [ -e ../.turns ] && [ ! -e up ]; do sleep 0.05; done\n");
  const start = (
    name: string,
    { accelerator, socket = "here" }: { accelerator?: string; socket?: string } = {},
  ) => {
    const env = place.environment({ NOTIFY_SOCKET: socket });
    const child = spawn(place.script(`run-${name}`, text(name, accelerator)), {
      cwd: place.vm,
      env,
      stdio: "ignore",
    });
    t.after(() => child.kill("SIGKILL"));
    return child;
  };
  const hasStarted = (name: string) => existsSync(join(place.vm, name));
  const started = async (...names: string[]) => {
    while (!names.every(hasStarted)) await delay(20);
  };
  const first = start("first");
  await started("first");
  const second = start("second");
  start("hardware", { accelerator: "kvm" });
  start("foreground", { socket: "" });
  await started("hardware", "foreground");
  // The hypervisor of the first does not hold its turn, nor does its end matter.
  first.kill("SIGKILL");
  await once(first, "close");
  await delay(500);
  assert.ok(!hasStarted("second"));
  assert.equal(second.exitCode, null);
  assert.match(
    place.read("told"),
    /^(EXTEND_TIMEOUT_USEC=90000000 --status=Waiting until others have started\n){2}$/,
  );
  writeFileSync(join(place.vm, "up"), "");
  await started("second");
});
