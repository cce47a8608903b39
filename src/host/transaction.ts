/**
 * A change of generation as a transaction. Under one lock: `pending` says what was in force → `current` leads to the new
 * generation → the machine is made what that says → `pending` goes. A failure puts the former generation back; after a
 * kill the next command that takes the lock does, or `microvm-recover.service` at boot.
 */
import { MicrovmError, messageOf, systemCode } from "../errors.ts";
import { type Lock, lockFile } from "../os/locks.ts";
import { activate } from "./activate.ts";
import { type ActivationPlan, planActivation } from "./activation.ts";
import {
  currentNumber,
  generationPath,
  lockPath,
  type Pending,
  readPending,
  removeGeneration,
  removePending,
  setCurrent,
  writePending,
} from "./generations.ts";
import { type HostTarget, readHost } from "./host-record.ts";
import { explainFullState } from "./installed.ts";
import type { HostMachine } from "./machine.ts";
import { unitOf } from "./names.ts";
import { isRunning } from "./systemd.ts";
import { makeTurns } from "./turns.ts";

/** How the lock is waited for, and what is told. */
export interface LockOptions {
  /** Leave instead of waiting (`state-busy`). */
  readonly wait: boolean;
  readonly onStep: (text: string) => void;
  readonly onWarning: (text: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Holds the host's lock. A change that was cut off before is undone first. */
export async function lockHost(machine: HostMachine, options: LockOptions): Promise<Lock> {
  const path = writableLock(machine.stateDirectory);
  const lock = (await lockFile(path, { wait: false })) ?? (await waitFor(path, options));
  try {
    makeTurns(machine.stateDirectory);
    const pending = readPending(machine.stateDirectory);
    if (pending) {
      options.onWarning("A change of this host was cut off: the generation before it is put back first");
      await putBack(pending, machine, new Set(), options.onStep);
    }
    return lock;
  } catch (error) {
    await lock.release();
    throw error;
  }
}

function writableLock(stateDirectory: string): string {
  try {
    return lockPath(stateDirectory);
  } catch (error) {
    if (!["EACCES", "EPERM", "EROFS", "ENOTDIR", "EEXIST"].includes(systemCode(error) ?? "")) throw error;
    throw new MicrovmError(
      "permission-denied",
      `Cannot write to the state directory "${stateDirectory}": ${messageOf(error)}`,
      {
        hint: "Make it a directory that can be written to, or name another with microvm.stateDir",
        cause: error,
      },
    );
  }
}

function waitFor(path: string, { wait, onStep, signal }: LockOptions): Promise<Lock> {
  if (!wait) {
    throw new MicrovmError("state-busy", "Another command is changing this host", {
      hint: 'Wait for it, or leave out "--no-wait"',
    });
  }
  onStep("waiting for another command that changes this host");
  return lockFile(path, { ...(signal && { signal }) });
}

/** A generation that is to be in force. */
export interface NextGeneration {
  readonly number: number;
  /** Whether it is new, and goes away with a failure. */
  readonly isNew: boolean;
  readonly plan: ActivationPlan;
  readonly deployed: ReadonlyMap<string, string>;
}

/**
 * Puts a generation in force. The caller holds the lock. Whatever fails, the former one is in force again, and the error
 * says so; when not even that it begins can be written down (`no-space`), nothing was changed.
 */
export async function putInForce(
  { number, isNew, plan, deployed }: NextGeneration,
  machine: HostMachine,
  { onStep, signal }: Pick<LockOptions, "onStep" | "signal">,
): Promise<void> {
  const { stateDirectory } = machine;
  const pending: Pending = { former: currentNumber(stateDirectory), target: number, isNew };
  const running = await runningVms(machine);
  try {
    writePending(stateDirectory, pending);
  } catch (error) {
    if (isNew) removeGeneration(stateDirectory, number);
    throw explainFullState(error, stateDirectory);
  }
  try {
    setCurrent(stateDirectory, number);
    await activate(plan, machine, { onStep, deployed, signal });
  } catch (error) {
    throw await undo(error, pending, machine, running, onStep);
  }
  removePending(stateDirectory);
}

async function undo(
  error: unknown,
  pending: Pending,
  machine: HostMachine,
  running: ReadonlySet<string>,
  onStep: (text: string) => void,
): Promise<unknown> {
  const former =
    pending.former === 0 ? "the host is as it was before" : `generation ${pending.former} is in force again`;
  const { code, hint } =
    error instanceof MicrovmError ? error : { code: "host-failed" as const, hint: undefined };
  try {
    await putBack(pending, machine, running, onStep);
  } catch (second) {
    return new MicrovmError(
      code,
      `${messageOf(error)}; putting the former generation back failed too: ${messageOf(second)}`,
      {
        hint: 'Mend what the message names and run any "microvm switch" or "microvm rollback": it goes on from there',
        cause: error,
      },
    );
  }
  return new MicrovmError(code, `${messageOf(error)}; ${former}`, {
    ...(hint !== undefined && { hint }),
    cause: error,
  });
}

/** Puts the generation back that `pending` tells of. VMs in `running` run again afterwards. */
async function putBack(
  { former, target: failed, isNew }: Pending,
  machine: HostMachine,
  running: ReadonlySet<string>,
  onStep: (text: string) => void,
): Promise<void> {
  const { stateDirectory } = machine;
  const path = former === 0 ? undefined : generationPath(stateDirectory, former);
  const target = path === undefined ? emptyHost(machine) : readHost(path);
  const plan = await planActivation(target, machine, { former: failed });
  const now = await runningVms(machine);
  const vms = plan.vms.map((vm) =>
    vm.unit === "none" && running.has(vm.name) && !now.has(vm.name) ? { ...vm, unit: "start" as const } : vm,
  );
  const started = target.units.size === 0 ? [...now].filter((name) => !running.has(name)) : [];
  if (started.length > 0) await machine.systemd.control(["stop", ...started.map((name) => unitOf(name))]);
  // Before anything starts: the units that install VMs do what the generation in force says.
  setCurrent(stateDirectory, path === undefined ? 0 : former);
  await activate({ ...plan, vms }, machine, { onStep, deployed: new Map(), restartsInstead: true });
  if (isNew) removeGeneration(stateDirectory, failed);
  removePending(stateDirectory);
}

async function runningVms({ systemd }: HostMachine): Promise<ReadonlySet<string>> {
  const states = await systemd.vmStates();
  return new Set([...states].filter(([, state]) => isRunning(state)).map(([name]) => name));
}

/** A machine that is no host yet. */
function emptyHost({ scope, stateDirectory }: HostMachine): HostTarget {
  return {
    record: { version: 1, name: "", scope, stateDirectory, vms: {}, autostart: [] },
    units: new Map(),
    etc: new Map(),
  };
}
