/** Deployed VMs made what their references name now: several are built together. */
import { basename, join } from "node:path";
import { realiseRecipes } from "../build/build-evaluated.ts";
import { parseReference } from "../config/index.ts";
import { MicrovmError } from "../errors.ts";
import { existsSync, readlinkSync, realpathSync, statSync } from "../os/files.ts";
import { vmNames } from "../paths.ts";
import { registerLink } from "../store/roots.ts";
import { changeInstalled, resultLines } from "./change-live.ts";
import { type DeployOptions, planDeployments, type WantedVm } from "./deployed.ts";
import { install } from "./installed.ts";
import { checkConflicts } from "./installed-machines.ts";
import type { HostMachine } from "./machine.ts";
import { overviewOf, recordInForce, type VmOverview } from "./overview.ts";
import { writeRevision } from "./revision.ts";
import { type LockOptions, lockHost } from "./transaction.ts";

/** A VM that is built anew. */
export interface UpdatedVm extends WantedVm {
  /** Absolute path of the runner that was installed before; undefined when it is gone. */
  readonly before: string | undefined;
  /** Absolute path of what its reference gives now. */
  readonly runner: string;
  /** The commit of that; undefined for a project on this machine. */
  readonly rev: string | undefined;
}

/** The references of deployed VMs. Errors: `vm-declared` for a VM that its host declares whole, `vm-broken`. */
export function updateWanted(machine: HostMachine, names: readonly string[]): WantedVm[] {
  const vms = overviewOf(machine, undefined, (name) => names.includes(name));
  return names.map((name) => ({ name, reference: referenceOf(vms.find((vm) => vm.name === name)!) }));
}

function referenceOf({ name, kind, flake, isDeclared }: VmOverview): string {
  if (kind === "config") {
    throw new MicrovmError(
      "vm-declared",
      `"${name}" is declared with its whole "config", and has no reference`,
      {
        hint: isDeclared
          ? 'Change the declaration and run "microvm switch"; newer packages come with "microvm lock --update" before it'
          : `No host declares it any more: declare it again, or remove it with "microvm remove ${name}"`,
      },
    );
  }
  if (flake !== null) return flake;
  if (isDeclared) {
    throw new MicrovmError("vm-broken", `"${name}" has no reference to be updated from`, {
      hint: "Run: microvm switch",
    });
  }
  throw new MicrovmError("vm-broken", `The directory of "${name}" has no file "${vmNames.flake}" of root's`, {
    hint: `Remove it and make it again; its volumes stay: microvm remove ${name} && microvm create ${name} --flake REFERENCE`,
  });
}

/** Why updating finds nothing new, or will not last, for a person; undefined when neither is so. */
export function updateRemark(machine: HostMachine, { name, reference }: WantedVm): string | undefined {
  const parsed = parseReference(reference);
  if (parsed.type === "git" && parsed.rev !== undefined) {
    return `"${name}" is pinned to the commit "${parsed.rev}" by its reference: there is never anything newer`;
  }
  if (parsed.type === "path" && parsed.path.startsWith(`${machine.storeDirectory}/`)) {
    return `"${name}" is deployed from the store path "${parsed.path}", which never changes`;
  }
  const declared = recordInForce(machine)?.vms[name];
  if (declared?.kind !== "flake" || declared.updateFlake !== null) return undefined;
  return `The host declares "${name}" without "updateFlake": the next switch installs what the host's lock has`;
}

/** Builds what the references of VMs name now, all together. Nothing is installed yet. Errors: those of `checkConflicts`, too. */
export async function buildUpdates(
  machine: HostMachine,
  wanted: readonly WantedVm[],
  options: DeployOptions,
): Promise<UpdatedVm[]> {
  const { deployments, planned } = await planDeployments(wanted, options);
  checkConflicts(
    machine,
    deployments.map(({ name, plan }) => ({ name, machine: plan.machine })),
  );
  const recipes = deployments.map(({ plan }) => plan.runner);
  const runners = await realiseRecipes(recipes, planned, options);
  return deployments.map(({ name, reference, rev }, index) => {
    const link = join(machine.stateDirectory, name, vmNames.current);
    const before = existsSync(link) ? join(machine.storeDirectory, basename(readlinkSync(link))) : undefined;
    return { name, reference, rev, before, runner: runners[index]! };
  });
}

/** Installs what was built. Errors: `state-busy`, those of `checkConflicts` and of the file system. */
export async function installUpdates(
  machine: HostMachine,
  updates: readonly UpdatedVm[],
  options: LockOptions,
): Promise<void> {
  await using _lock = await lockHost(machine, options);
  // Other VMs may have come while this was built.
  checkConflicts(
    machine,
    updates.map(({ name, runner }) => ({ name, machine: runner })),
  );
  putInPlace(machine, updates);
}

function putInPlace(machine: HostMachine, updates: readonly UpdatedVm[]): void {
  const { stateDirectory, storeDirectory, scope } = machine;
  for (const { name, reference, runner, rev } of updates) {
    const directory = join(stateDirectory, name);
    if (!existsSync(directory)) {
      throw new MicrovmError("vm-not-found", `"${name}" was removed meanwhile`);
    }
    const group = scope === "system" ? statSync(directory).gid : undefined;
    install({ stateDirectory, name, runner, flake: reference, group });
    writeRevision(stateDirectory, name, basename(runner), rev);
    registerLink(storeDirectory, join(directory, vmNames.current));
  }
}

/** Of updates, those whose VM runs something else. */
export function runningOthers({ stateDirectory }: HostMachine, updates: readonly UpdatedVm[]): UpdatedVm[] {
  return updates.filter(({ name, runner }) => {
    const booted = join(stateDirectory, name, vmNames.booted);
    return existsSync(booted) && basename(realpathSync(booted)) !== basename(runner);
  });
}

/**
 * Makes running VMs what was installed, one after the other. One that goes back to what it was has that installed again.
 * Errors: those of `changeInstalled`.
 */
export async function changeUpdates(
  machine: HostMachine,
  updates: readonly UpdatedVm[],
  options: LockOptions,
): Promise<void> {
  for (const update of updates) {
    const { name, before } = update;
    options.onStep(`change ${name} live`);
    try {
      const result = await changeInstalled(name, machine, options.signal);
      for (const line of resultLines(result)) options.onStep(`${name}: ${line}`);
    } catch (error) {
      if (before !== undefined) {
        await using _lock = await lockHost(machine, options);
        putInPlace(machine, [{ ...update, runner: before, rev: undefined }]);
      }
      throw error;
    }
  }
}
