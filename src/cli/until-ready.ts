/** Waiting for a VM that was just started. */
import { type GuestAgent, waitForAgent } from "../control/guest-agent.ts";
import type { MachineProcess } from "../control/machine-process.ts";
import { followStages } from "../control/readiness.ts";
import { consoleLines } from "../control/terminal.ts";
import { MicrovmError } from "../errors.ts";

/** How many lines of the console an error shows. */
const SHOWN_LINES = 20;

/**
 * The guest's agent, once it answers and the guest has reached the stage that it counts as up with. Each stage gives it
 * `timeout` seconds anew. Errors: `boot-timeout`, `guest-failed`.
 */
export async function untilReady(
  machine: MachineProcess,
  timeout: number,
  signal: AbortSignal,
): Promise<GuestAgent> {
  const { agentSocket, readinessSocket, readiness } = machine.facts;
  if (agentSocket === undefined) {
    throw new MicrovmError("guest-failed", "The guest has no agent to run the command", {
      hint: 'Set "services.qemuGuest.enable" to true',
    });
  }
  const waiting = new AbortController();
  const late = () => waiting.abort(tooSlow(machine, timeout));
  let timer = setTimeout(late, timeout * 1000);
  const stop = () => waiting.abort(signal.reason);
  signal.addEventListener("abort", stop);
  machine.exited.then(
    () => waiting.abort(endedEarly(machine, "before it was up")),
    (error) => waiting.abort(error),
  );
  const staged = Promise.withResolvers<void>();
  waiting.signal.addEventListener("abort", () => staged.reject(waiting.signal.reason));
  staged.promise.catch(() => {});
  // An agent that answers is that stage.
  if (readiness.stage === "agent") staged.resolve();
  const follow = (stage: string) => {
    clearTimeout(timer);
    timer = setTimeout(late, timeout * 1000);
    if (stage === readiness.stage) staged.resolve();
  };
  const following = new AbortController();
  if (readinessSocket) void followStages(readinessSocket, readiness.stage, follow, following.signal);
  try {
    const agent = await waitForAgent(agentSocket, waiting.signal);
    await staged.promise;
    return agent;
  } catch (error) {
    throw waiting.signal.aborted ? waiting.signal.reason : error;
  } finally {
    following.abort();
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}

function tooSlow(machine: MachineProcess, timeout: number): MicrovmError {
  return new MicrovmError(
    "boot-timeout",
    `The guest did not come up within ${timeout} seconds${tail(machine)}`,
    {
      hint: 'Give it longer with "--timeout SECONDS", or see what its console says with "--verbose"',
    },
  );
}

/** The error of a guest that ended before it was meant to; `when` ends the sentence. */
export function endedEarly(machine: MachineProcess, when: string): MicrovmError {
  return new MicrovmError("guest-failed", `The guest ended ${when}${tail(machine)}`, {
    hint: "The lines above are the last of its console",
  });
}

function tail(machine: MachineProcess): string {
  const lines = consoleLines(machine.consoleTail(), SHOWN_LINES);
  return lines === "" ? "; its console printed nothing" : `; its console's last lines:\n${lines}`;
}
