/**
 * All VMs of a machine and how they stand, as microvm.nix's `-l` tells it: current, outdated or stale, and booted or not.
 * Read from links and from what the generation in force says; nothing is evaluated or built.
 */
import { join } from "node:path";
import { existsSync, statSync } from "../os/files.ts";
import { runnerNames, vmNames } from "../paths.ts";
import { currentNumber, generationPath } from "./generations.ts";
import { type HostRecord, readRecord } from "./host-record.ts";
import { flakeOf, type InstalledVm, listInstalled } from "./installed.ts";
import { groupNumber, type HostMachine } from "./machine.ts";
import { COMMON_USER } from "./names.ts";
import type { ListedUnit } from "./unit-list.ts";

/** How a VM stands. */
export interface VmOverview {
  readonly name: string;
  /** Fully declared, deployed from a reference, or neither: what is left of a VM. */
  readonly kind: "config" | "flake" | "none";
  /**
   * current: what starts next is what is wished, and runs if anything does. outdated: something else is wished. stale:
   * something else runs than what starts next. broken: it cannot start.
   */
  readonly state: "current" | "outdated" | "stale" | "broken";
  readonly isBooted: boolean;
  /** State of its unit; null when systemd does not know it. */
  readonly unit: string | null;
  /** The host declared it once, and no longer does. */
  readonly isOrphan: boolean;
  /** Whether the generation in force declares it. */
  readonly isDeclared: boolean;
  /** Names of runners in the store: what starts next, what runs, what the host declares. */
  readonly current: string | null;
  readonly booted: string | null;
  readonly wanted: string | null;
  /** What a deployed VM is updated from. */
  readonly flake: string | null;
  /** Why it is broken. */
  readonly fault: string | null;
  /** The command that mends it; null when nothing is to be done. */
  readonly mend: string | null;
}

/** All VMs that have a directory, or those of some names, by name. Errors: as `readVms`. */
export function overviewOf(
  machine: HostMachine,
  units: ReadonlyMap<string, ListedUnit> | undefined,
  only?: (name: string) => boolean,
): VmOverview[] {
  return withUnits(readVms(machine, only), units);
}

/** What the disk says of VMs. Errors: `store-invalid` when the generation in force cannot be read. */
export function readVms(
  machine: HostMachine,
  only?: (name: string) => boolean,
): (readonly [InstalledVm, VmFacts])[] {
  const record = recordInForce(machine);
  const group = machine.scope === "system" ? groupNumber(COMMON_USER) : undefined;
  const { stateDirectory } = machine;
  return listInstalled(stateDirectory, only).map((vm) => {
    const directory = join(stateDirectory, vm.name);
    const declared = record !== undefined && Object.hasOwn(record.vms, vm.name);
    const ofCommon = () => group === undefined || statSync(directory).gid === group;
    const kind = kindOf(vm, stateDirectory);
    const facts = {
      kind,
      declared,
      wanted: declared ? (record.vms[vm.name]!.runner ?? null) : null,
      orphan: !declared && (kind === "config" || (kind === "flake" && !ofCommon())),
      hasRunner: vm.current !== undefined && existsSync(join(directory, vmNames.current, runnerNames.run)),
      flake: kind === "flake" ? (flakeOf(stateDirectory, vm.name) ?? null) : null,
    };
    return [vm, facts];
  });
}

/** The same with what systemd says of their units; undefined when it says nothing. Pure. */
export function withUnits(
  vms: readonly (readonly [InstalledVm, VmFacts])[],
  units: ReadonlyMap<string, ListedUnit> | undefined,
): VmOverview[] {
  return vms.map(([vm, facts]) => stateOf(vm, facts, units && (units.get(vm.name)?.active ?? null)));
}

/** What the generation in force declares; undefined when there is none. */
export function recordInForce({ stateDirectory }: HostMachine): HostRecord | undefined {
  const path = generationPath(stateDirectory, currentNumber(stateDirectory));
  return path === undefined ? undefined : readRecord(path);
}

function kindOf({ name, toplevel, current }: InstalledVm, stateDirectory: string): VmOverview["kind"] {
  if (toplevel !== undefined) return "config";
  // Which of both a file of this name is, is looked at when its text is used.
  return current !== undefined || existsSync(join(stateDirectory, name, vmNames.flake)) ? "flake" : "none";
}

/** Facts beside the links. */
export interface VmFacts {
  readonly kind: VmOverview["kind"];
  readonly declared: boolean;
  readonly wanted: string | null;
  readonly orphan: boolean;
  readonly hasRunner: boolean;
  readonly flake: string | null;
}

/** `unit` is null when systemd does not know the VM's, and undefined when nobody asked. */
function stateOf(vm: InstalledVm, facts: VmFacts, unit: string | null | undefined): VmOverview {
  const { name, current, booted } = vm;
  const { kind, declared, wanted, orphan, flake } = facts;
  // A link that a machine left behind when it lost its power says nothing.
  const isDead = unit === null || unit === "inactive" || unit === "failed";
  const isBooted = booted !== undefined && !isDead;
  return {
    ...{ name, kind, isBooted, unit: unit ?? null, isOrphan: orphan, isDeclared: declared, wanted, flake },
    current: current ?? null,
    booted: booted ?? null,
    ...conditionOf(vm, facts, isBooted),
  };
}

function conditionOf(
  { name, current, booted }: InstalledVm,
  { kind, declared, wanted, orphan, hasRunner, flake }: VmFacts,
  isBooted: boolean,
): Pick<VmOverview, "state" | "fault" | "mend"> {
  const gone = orphan ? `microvm remove ${name}` : undefined;
  if (current === undefined || !hasRunner) {
    const fault =
      current === undefined
        ? "its directory has no runner"
        : `its runner "${current}" is gone from the store`;
    const isLost = !declared && (orphan || kind === "none" || flake === null);
    const renew = declared ? "microvm switch" : `microvm update ${name}`;
    return { state: "broken", fault, mend: isLost ? `microvm remove ${name}` : renew };
  }
  if (wanted !== null && wanted !== current)
    return { state: "outdated", fault: null, mend: "microvm switch" };
  if (isBooted && booted !== current) {
    return { state: "stale", fault: null, mend: gone ?? `microvm restart ${name}` };
  }
  return { state: "current", fault: null, mend: gone ?? (isBooted ? null : `microvm start ${name}`) };
}
