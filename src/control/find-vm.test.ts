import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryDirectory } from "../os/testing/temporary-directory.ts";
import { knownVms, runningFacts } from "./find-vm.ts";

/** A state directory with a VM of each kind, and a runner that both have. */
function stateOf(directory: string) {
  const runner = join(directory, "runner");
  mkdirSync(join(runner, "share/microvm"), { recursive: true });
  const machine = { controlSocket: "web.sock", agentSocket: "web.agent.sock", consoleSocket: null };
  writeFileSync(join(runner, "share/microvm/machine.json"), JSON.stringify({ version: 1, machine }));
  const state = join(directory, "state");
  for (const path of ["web", ".run/web-0123456789ab", ".generations", "no-vm"]) {
    mkdirSync(join(state, path), { recursive: true });
  }
  symlinkSync(runner, join(state, "web/current"));
  symlinkSync(runner, join(state, "web/booted"));
  return { state, runner };
}

test("installed VMs and those of run are known by name, and other directories are none", (t) => {
  const { state } = stateOf(temporaryDirectory(t));
  assert.deepEqual(
    knownVms(state).map(({ name, id, installed }) => [name, id, installed]),
    [
      ["web", "web", true],
      ["web", "web-0123456789ab", false],
    ],
  );
  assert.deepEqual(knownVms(join(state, "nothing")), []);
});

test("a VM runs when its hypervisor listens, whatever a crash left behind", async (t) => {
  const { state } = stateOf(temporaryDirectory(t));
  const [web, foreground] = knownVms(state);
  assert.equal(await runningFacts(foreground!), undefined);
  assert.equal(await runningFacts(web!), undefined);
  const server = createServer().listen(join(state, "web/web.sock"));
  t.after(() => server.close());
  await new Promise((resolve) => server.once("listening", resolve));
  const facts = await runningFacts(web!);
  assert.equal(facts?.agentSocket, join(state, "web/web.agent.sock"));
  assert.equal(facts?.consoleSocket, undefined);
  assert.deepEqual(facts?.readiness, { stage: "agent", timeout: 150 });
});
