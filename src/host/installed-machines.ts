/** The machines of installed VMs, as their runners tell of them. */
import { join } from "node:path";
import { MicrovmError } from "../errors.ts";
import type { MachineSpec } from "../hypervisors/machine.ts";
import { hostConflicts, type InstalledMachine } from "../options/host-conflicts.ts";
import { readTextIfExists } from "../os/files.ts";
import { runnerNames, vmNames } from "../paths.ts";
import { macAddress } from "../plan/identity.ts";
import { flakeOf, listInstalled } from "./installed.ts";
import type { HostMachine } from "./machine.ts";
import { recordInForce } from "./overview.ts";

/** The machine that a VM starts with next, or that another link of it leads to; undefined when that runner is not there. */
export function installedMachine(
  stateDirectory: string,
  name: string,
  link: string = vmNames.current,
): MachineSpec | undefined {
  return machineIn(join(stateDirectory, name, link));
}

function machineIn(runner: string): MachineSpec | undefined {
  const text = readTextIfExists(join(runner, runnerNames.machine));
  return text === undefined ? undefined : (JSON.parse(text) as { machine: MachineSpec }).machine;
}

/**
 * The installed VMs that start: those that their host declares, and deployed ones. Others stop, or have stopped. Those
 * of them that `isWanted` says no to are left out, and those whose runner is not there.
 */
export function installedMachines(
  stateDirectory: string,
  isDeclared: (name: string) => boolean,
  isWanted: (name: string) => boolean,
): InstalledMachine[] {
  return listInstalled(stateDirectory, isWanted).flatMap(({ name }) => {
    const starts = isDeclared(name) || flakeOf(stateDirectory, name) !== undefined;
    const machine = starts ? installedMachine(stateDirectory, name) : undefined;
    return machine ? [asInstalled(name, machine)] : [];
  });
}

/** A machine that is about to be installed. */
export interface ComingMachine {
  readonly name: string;
  /** Absolute path of its runner, or the machine itself while there is none. */
  readonly machine: string | MachineSpec;
}

/** Checks that VMs can be installed beside those that are. Errors (`config-invalid`): what they cannot all have. */
export function checkConflicts(host: HostMachine, coming: readonly ComingMachine[]): void {
  const record = recordInForce(host);
  const names = coming.map(({ name }) => name);
  const others = installedMachines(
    host.stateDirectory,
    (name) => record !== undefined && Object.hasOwn(record.vms, name),
    (name) => !names.includes(name),
  );
  const mine = coming.flatMap(({ name, machine }) => {
    const spec = typeof machine === "string" ? machineIn(machine) : machine;
    return spec ? [asInstalled(name, spec)] : [];
  });
  const known = new Set(hostConflicts([], others));
  const faults = hostConflicts([], [...mine, ...others]).filter((fault) => !known.has(fault));
  if (faults.length === 0) return;
  throw new MicrovmError("config-invalid", faults.join("; "), {
    hint: `Change that in the project of "${names.join('" or "')}", or remove the other VM`,
  });
}

/** QEMU's user network is the VM's own: an address there that nobody chose troubles no other VM of the same project. */
function asInstalled(name: string, machine: MachineSpec): InstalledMachine {
  const interfaces = machine.interfaces.map(({ type, id, mac }) => ({
    type,
    id,
    mac: type === "user" && mac === macAddress(machine.name, id, null) ? null : mac,
  }));
  return { ...machine, name, interfaces };
}
