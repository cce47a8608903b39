/** The running VM that a person names. */
import { setTimeout as delay } from "node:timers/promises";
import { type KnownVm, knownVms, runningFacts, type VmFacts } from "../control/find-vm.ts";
import { type GuestAgent, waitForAgent } from "../control/guest-agent.ts";
import { MicrovmError } from "../errors.ts";
import { suggest } from "../module-system/suggest.ts";
import { canConnect } from "../os/sockets.ts";
import { directories } from "./setting.ts";

/** A VM that runs. */
export interface RunningVm extends VmFacts {
  readonly name: string;
  readonly directory: string;
  readonly installed: boolean;
}

/** What a hypervisor that is killed needs to close one socket after the other, in milliseconds, with a margin. */
const CLOSING_TIME = 200;

async function hasEnded(socket: string): Promise<boolean> {
  if (!(await canConnect(socket))) return true;
  await delay(CLOSING_TIME);
  return !(await canConnect(socket));
}

/** Does something with a VM; when that fails because the VM has ended, the error says so. Errors: `guest-failed`. */
export async function explainEnd<T>(vm: RunningVm, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const socket = vm.controlSocket ?? vm.agentSocket;
    if (!(error instanceof MicrovmError) || socket === undefined || !(await hasEnded(socket))) throw error;
    throw new MicrovmError("guest-failed", `The VM "${vm.name}" has ended meanwhile`, {
      hint: `See the end of its console: "microvm logs ${vm.name}", or "console.log" in "${vm.directory}"`,
      cause: error,
    });
  }
}

/** How many names an error shows. */
const SHOWN_NAMES = 10;

/** Milliseconds that a guest's agent has for its first answer. */
const AGENT_TIME = 10_000;

/** Finds a running VM by its name, or by that of its directory. Errors: `vm-not-found`, `vm-not-running`, `bad-usage`. */
export async function findRunningVm(name: string): Promise<RunningVm> {
  const { state } = directories();
  const known = knownVms(state);
  const named = known.filter((vm) => vm.name === name || vm.id === name);
  if (named.length === 0) throw unknown(name, known, state);
  const running: RunningVm[] = [];
  for (const vm of named) {
    const facts = await runningFacts(vm);
    if (facts) running.push({ ...vm, ...facts });
  }
  const [first, ...others] = running;
  if (first === undefined) throw notRunning(name, named[0]!);
  if (others.length > 0 && !first.installed) throw ambiguous(name, named);
  return first;
}

/** The agent of a running VM. Errors: `guest-failed`. */
export async function agentOf(vm: RunningVm, time = AGENT_TIME): Promise<GuestAgent> {
  if (vm.agentSocket === undefined) {
    throw new MicrovmError("guest-failed", `The guest of "${vm.name}" has no agent to run the command`, {
      hint: 'Set "services.qemuGuest.enable" to true',
    });
  }
  try {
    return await waitForAgent(vm.agentSocket, AbortSignal.timeout(time));
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "TimeoutError") throw error;
    throw new MicrovmError(
      "guest-failed",
      `The guest of "${vm.name}" does not answer: its agent said nothing for ${time / 1000} seconds`,
      { hint: `It may still be starting, or hang: see "microvm console ${vm.name}"` },
    );
  }
}

function unknown(name: string, known: readonly KnownVm[], state: string): MicrovmError {
  const names = [...new Set(known.map((vm) => vm.name))];
  const near = suggest(name, names);
  return new MicrovmError(
    "vm-not-found",
    `There is no VM "${name}" in "${state}"${near === undefined ? "" : `; did you mean "${near}"`}`,
    {
      hint:
        names.length === 0
          ? 'No VM is installed, and none was started with "microvm run"; MICROVM_STATE_DIR chooses another directory'
          : `There are "${names.slice(0, SHOWN_NAMES).join('", "')}"`,
    },
  );
}

function notRunning(name: string, { installed }: KnownVm): MicrovmError {
  return new MicrovmError("vm-not-running", `The VM "${name}" is not running`, {
    hint: installed ? `Start it with "microvm start ${name}"` : 'Start it with "microvm run" in its project',
  });
}

function ambiguous(name: string, named: readonly KnownVm[]): MicrovmError {
  return new MicrovmError("bad-usage", `Several VMs with the name "${name}" run`, {
    hint: `Name one of their directories: "${named.map(({ id }) => id).join('", "')}"`,
  });
}
