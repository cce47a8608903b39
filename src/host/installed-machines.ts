/** The machines of installed VMs, as their runners tell of them. */
import { join } from "node:path";
import type { MachineSpec } from "../hypervisors/machine.ts";
import { readTextIfExists } from "../os/files.ts";
import { runnerNames, vmNames } from "../paths.ts";

/** The machine that a VM starts with next, or that another link of it leads to; undefined when that runner is not there. */
export function installedMachine(
  stateDirectory: string,
  name: string,
  link: string = vmNames.current,
): MachineSpec | undefined {
  const text = readTextIfExists(join(stateDirectory, name, link, runnerNames.machine));
  return text === undefined ? undefined : (JSON.parse(text) as { machine: MachineSpec }).machine;
}
