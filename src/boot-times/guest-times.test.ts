import assert from "node:assert/strict";
import { test } from "node:test";
import type { GuestAgent } from "../control/guest-agent.ts";
import { readGuestTimes } from "./guest-times.ts";
import { report } from "./testing/report.ts";

/** An agent whose guest has this uptime, and whose answers take so long, one after the other. */
function agentOf(uptime: string, printed: readonly string[], answers: readonly number[] = [1]) {
  let clock = 100;
  let asked = 0;
  const agent: Pick<GuestAgent, "exec" | "readStart"> = {
    async readStart() {
      clock += answers[asked++ % answers.length]!;
      return Buffer.from(uptime);
    },
    async exec(_, { stdout }) {
      for (const text of printed) stdout(Buffer.from(text));
      return 0;
    },
  };
  return { agent, now: () => clock };
}

test("the quickest answer tells where the guest's zero lies, and how exact that is", async () => {
  const { agent, now } = agentOf("40.00 1.00\n", [report()], [1, 1, 0.25, 1, 1]);
  const { zero, guest } = await readGuestTimes(agent, now);
  // Asked at 102, answered at 102.25: 40 seconds before the middle.
  assert.deepEqual(zero, { at: 62.125, uncertainty: 0.13 });
  assert.equal(guest.finish, 5);
});

test("a guest that does not say how long it has been running is a fault", async () => {
  for (const uptime of ["", "soon", "-1.00 0", "9".repeat(100)]) {
    const { agent, now } = agentOf(uptime, []);
    await assert.rejects(readGuestTimes(agent, now), {
      code: "guest-failed",
      message: "The guest does not say how long it has been running",
    });
  }
});

test("of a report without end the beginning is read", async () => {
  const { agent, now } = agentOf("40.00 1.00\n", [report(), ...Array(20).fill("x".repeat(1024 * 1024))]);
  assert.equal((await readGuestTimes(agent, now)).guest.target, "multi-user.target");
});
