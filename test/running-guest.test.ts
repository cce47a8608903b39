/** A running VM whose guest hangs, and whose hypervisor is killed. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { onTerminal } from "./on-terminal.ts";
import { imageGuestProject, microvm, STORE_SHARE, startMicrovm } from "./support.ts";

const vm = startMicrovm(["run", imageGuestProject(`microvm: { ${STORE_SHARE} }`)]);
// The shell that an image gets that names no process.
await vm.until(/# /);

const guest = (...command: string[]) => microvm(["exec", "guest", "--", ...command]);

/** The hypervisor among the program's own children. */
function hypervisorOf(program: number): number {
  const children = readFileSync(`/proc/${program}/task/${program}/children`, "utf8")
    .trim()
    .split(" ")
    .map(Number);
  const found = children.find((pid) =>
    readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("guest.agent.sock"),
  );
  assert.ok(found, "the hypervisor runs");
  return found;
}

test("a guest that does not answer is said, and one whose hypervisor is killed ends what goes on", async () => {
  const pid = hypervisorOf(vm.child.pid!);
  process.kill(pid, "SIGSTOP");
  const silent = await guest("true");
  assert.equal(silent.code, 1);
  assert.match(
    silent.stderr,
    /^error: The guest of "guest" does not answer: its agent said nothing for 10 seconds\n/,
  );
  process.kill(pid, "SIGCONT");
  const running = startMicrovm(["exec", "guest", "--", "sh", "-c", "echo begun; sleep 300"]);
  const terminal = onTerminal(["exec", "-it", "guest", "--", "sh"], [[/# /, "sleep 300\r"]]);
  const console = startMicrovm(["console", "guest"]);
  await running.until(/begun/);
  await delay(2000);
  process.kill(pid, "SIGKILL");
  assert.equal(await running.exited, 1);
  assert.match(running.output(), /error: The VM "guest" has ended meanwhile\n/);
  assert.match(await terminal, /has ended meanwhile[\s\S]*code 1\s[\s\S]* icanon/);
  await console.exited;
  assert.match(console.output(), /The VM "guest" has ended\.\n$/);
  assert.notEqual(await vm.exited, 0);
  const gone = await guest("true");
  assert.match(
    gone.stderr,
    /^error: The VM "guest" is not running\nhint: Start it with "microvm run" in its project\n$/,
  );
});
