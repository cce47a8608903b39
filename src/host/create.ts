/** A VM that no host declares: made from a reference, and updated from it later. */
import { join } from "node:path";
import { realiseRecipes } from "../build/build-evaluated.ts";
import { MicrovmError } from "../errors.ts";
import { existsSync, lstatSync, readdirSync, renameSync, rmSync } from "../os/files.ts";
import { vmNames } from "../paths.ts";
import { storePathName } from "../store/recipe.ts";
import { registerLink } from "../store/roots.ts";
import { type DeployOptions, planDeployments } from "./deployed.ts";
import { install, readInstalled } from "./installed.ts";
import { checkConflicts } from "./installed-machines.ts";
import { groupNumber, type HostMachine } from "./machine.ts";
import { COMMON_USER } from "./names.ts";
import { recordInForce } from "./overview.ts";
import { writeRevision } from "./revision.ts";
import { type LockOptions, lockHost } from "./transaction.ts";
import { checkVmName } from "./vm-name.ts";

/**
 * Checks that a VM of this name can be made, before anything is built. A directory in which only volumes are left of a
 * VM that was removed is taken again. Errors: `bad-usage`, `vm-exists`.
 */
export function checkNewVm(machine: HostMachine, name: string): void {
  checkVmName(name);
  const directory = join(machine.stateDirectory, name);
  const record = recordInForce(machine);
  if (record !== undefined && Object.hasOwn(record.vms, name)) {
    throw new MicrovmError("vm-exists", `This host declares a VM "${name}" already`, {
      hint: "Choose another name, or change it where the host declares it",
    });
  }
  const vm = readInstalled(machine.stateDirectory, name);
  if (vm === undefined) {
    if (lstatSync(directory, { throwIfNoEntry: false }) === undefined) return;
    throw new MicrovmError("vm-exists", `"${directory}" exists and is no directory of a VM`, {
      hint: "Choose another name, or move it away",
    });
  }
  const isVm =
    vm.current !== undefined || vm.toplevel !== undefined || existsSync(join(directory, vmNames.flake));
  if (!isVm) return;
  throw new MicrovmError("vm-exists", `There is a VM "${name}" already: "${directory}"`, {
    hint: `Take what its reference has now with "microvm update ${name}", or remove it with "microvm remove ${name}"`,
  });
}

/** What a VM is made from. */
interface NewVm {
  readonly name: string;
  /** Canonical, and the same from everywhere. */
  readonly flake: string;
}

/**
 * Builds and installs a VM, whose directory is there as a whole or not at all. Errors: those of `checkNewVm` and
 * `checkConflicts`, of references, evaluation and builds.
 */
export async function createVm(
  { name, flake }: NewVm,
  machine: HostMachine,
  options: DeployOptions,
  lock: LockOptions,
): Promise<void> {
  checkNewVm(machine, name);
  const { deployments, planned } = await planDeployments([{ name, reference: flake }], options);
  const { plan, rev } = deployments[0]!;
  checkConflicts(machine, [{ name, machine: plan.machine }]);
  const [runner] = await realiseRecipes([plan.runner], planned, options);
  options.signal?.throwIfAborted();
  await using _lock = await lockHost(machine, lock);
  // Somebody else may have been quicker.
  checkNewVm(machine, name);
  checkConflicts(machine, [{ name, machine: plan.machine }]);
  const { stateDirectory, storeDirectory } = machine;
  const group = machine.scope === "system" ? groupNumber(COMMON_USER) : undefined;
  const directory = join(stateDirectory, name);
  const place = existsSync(directory) ? name : `.${name}.new`;
  if (place !== name) rmSync(join(stateDirectory, place), { recursive: true, force: true });
  install({ stateDirectory, name: place, runner: runner!, flake, group });
  writeRevision(stateDirectory, place, storePathName(plan.runner), rev);
  if (place !== name) renameSync(join(stateDirectory, place), directory);
  registerLink(storeDirectory, join(directory, vmNames.current));
}

/** Files that a removed VM left in its directory, which a new one of its name uses. */
export function leftFiles({ stateDirectory }: HostMachine, name: string): readonly string[] {
  const directory = join(stateDirectory, name);
  return existsSync(directory) ? readdirSync(directory).sort() : [];
}
