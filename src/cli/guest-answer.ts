/** Whether the guest of a running VM answers. */
import { join } from "node:path";
import { waitForAgent } from "../control/guest-agent.ts";
import { readTextIfExists } from "../os/files.ts";
import { runnerNames, vmNames } from "../paths.ts";

/** Milliseconds that a guest has for its answer: agents answer within a few, also under emulation. */
const TIME = 2000;

/** Whether a VM's agent answers; undefined for a VM that has none. `directory` is the VM's. */
export async function guestAnswers(directory: string): Promise<boolean | undefined> {
  const text = readTextIfExists(join(directory, vmNames.booted, runnerNames.machine));
  if (text === undefined) return undefined;
  const { machine } = JSON.parse(text) as { machine: { readonly agentSocket?: string | null } };
  if (machine.agentSocket == null) return undefined;
  try {
    using _agent = await waitForAgent(join(directory, machine.agentSocket), AbortSignal.timeout(TIME));
    return true;
  } catch {
    return false;
  }
}
