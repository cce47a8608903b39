/** Whether the guest of a running VM answers. */
import { once } from "node:events";
import { join } from "node:path";
import type { GuestAddress } from "../control/guest-addresses.ts";
import { waitForAgent } from "../control/guest-agent.ts";
import { readTextIfExists } from "../os/files.ts";
import { runnerNames, vmNames } from "../paths.ts";

/** Milliseconds that a guest has for its answer: agents answer within a few, also under emulation. */
const TIME = 2000;

/** What a guest's agent says, or does not. */
export interface GuestAnswer {
  readonly answers: boolean;
  /** When it was first found silent, by what looks after such VMs (`restartIfUnresponsive`); undefined when nothing does. */
  readonly silentSince: Date | undefined;
  /** Empty for a guest that does not tell. */
  readonly addresses: readonly GuestAddress[];
}

/** Whether a VM's agent answers; undefined for a VM that has none. `directory` is the VM's. */
export async function guestAnswer(directory: string): Promise<GuestAnswer | undefined> {
  const text = readTextIfExists(join(directory, vmNames.booted, runnerNames.machine));
  if (text === undefined) return undefined;
  const { machine } = JSON.parse(text) as {
    machine: { readonly name: string; readonly agentSocket?: string | null };
  };
  if (machine.agentSocket == null) return undefined;
  try {
    const time = AbortSignal.timeout(TIME);
    using agent = await waitForAgent(join(directory, machine.agentSocket), time);
    const late = once(time, "abort").then(() => []);
    // Another agent may not know the question.
    const addresses = await Promise.race([agent.addresses().catch(() => []), late]);
    return { answers: true, silentSince: undefined, addresses };
  } catch {
    const record = readTextIfExists(join(directory, `${machine.name}.silent`))?.trim() ?? "";
    const silentSince = /^\d{1,12}$/.test(record) ? new Date(Number(record) * 1000) : undefined;
    return { answers: false, silentSince, addresses: [] };
  }
}
