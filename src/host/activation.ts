/** What putting a host in force would change on a machine, from what is there now. Nothing is changed. */
import { join } from "node:path";
import { compareRunners } from "../live/compare.ts";
import type { RebootReason } from "../live/compare-runners.ts";
import { readRunner } from "../live/read-runner.ts";
import { existsSync } from "../os/files.ts";
import { vmNames } from "../paths.ts";
import { silentReasons } from "./change-live.ts";
import { isPending, type VmChange, vmChanges } from "./changes.ts";
import { currentNumber, generationPath } from "./generations.ts";
import { type HostFile, type HostTarget, readHost } from "./host-record.ts";
import { hasRunner, listInstalled } from "./installed.ts";
import type { HostMachine } from "./machine.ts";
import { vmOfUnit } from "./names.ts";
import { isRunning } from "./systemd.ts";
import { compareFiles, type FileChanges, installedUnits, list, readHostFile } from "./unit-files.ts";
import { authorOf } from "./unit-text.ts";

/** All that would change. */
export interface ActivationPlan {
  readonly target: HostTarget;
  readonly vms: readonly VmChange[];
  /** Below the directory of units. */
  readonly units: FileChanges;
  /** Below `/etc`. */
  readonly etc: FileChanges;
  /** Whether there is anything to do. */
  readonly isPending: boolean;
}

/** How the plan is made. */
interface PlanOptions {
  /** Why a VM's runner is another than before; for a person. */
  readonly why?: (name: string) => string;
  /** Why a running VM cannot become its declared runner without a reboot; default: what both say, when both are there. */
  readonly rebootReasons?: (name: string) => readonly RebootReason[];
  /** The generation in force is the target as well. */
  readonly isCurrent?: boolean;
  /** The generation that the machine was last made to be; default: the one in force. */
  readonly former?: number;
}

const NO_CHANGES: FileChanges = { written: [], removed: [], kept: [] };

const NO_FILES: ReadonlyMap<string, HostFile> = new Map();

/** Compares a host with its machine. Errors: `unit-foreign`, `host-failed`, `store-invalid`. */
export async function planActivation(
  target: HostTarget,
  machine: HostMachine,
  { why = () => "its runner is another", rebootReasons, isCurrent = true, former: number }: PlanOptions = {},
): Promise<ActivationPlan> {
  const states = await machine.systemd.vmStates();
  const former = formerHost(machine, number);
  const present = installedUnits(machine.unitDirectory);
  const units = compareFiles(machine.unitDirectory, present, target.units, former?.units ?? NO_FILES);
  const etc = etcChanges(target, former, machine);
  const installed = new Map(listInstalled(machine.stateDirectory).map((vm) => [vm.name, vm]));
  const vms = vmChanges(target.record, {
    installed,
    startable: new Set([...installed.keys()].filter((name) => hasRunner(machine.stateDirectory, name))),
    running: new Set([...states].filter(([, state]) => isRunning(state)).map(([name]) => name)),
    changedUnits: changedVms(units, present, Object.keys(target.record.vms)),
    former: former?.record,
    why,
    rebootReasons: (name) =>
      silentReasons(name, machine) ??
      (rebootReasons ? rebootReasons(name) : storedReasons(target, machine, name)),
  });
  const changesFiles = [units, etc].some(({ written, removed }) => written.length + removed.length > 0);
  return { target, vms, units, etc, isPending: !isCurrent || changesFiles || vms.some(isPending) };
}

/** What two runners in the store say. One that is gone asks for a reboot. */
function storedReasons(
  { record }: HostTarget,
  { stateDirectory, storeDirectory }: HostMachine,
  name: string,
): readonly RebootReason[] {
  const booted = join(stateDirectory, name, vmNames.booted);
  const next = join(storeDirectory, record.vms[name]?.runner ?? "");
  if (!existsSync(booted) || !existsSync(next))
    return [{ option: "pkgs", why: "a runner is gone from the store" }];
  return compareRunners(readRunner(booted), readRunner(next)).reasons;
}

/** A generation's host, that in force by default; undefined when there is none, or its store path is gone. */
export function formerHost({ stateDirectory }: HostMachine, number?: number): HostTarget | undefined {
  const path = generationPath(stateDirectory, number ?? currentNumber(stateDirectory));
  return path === undefined ? undefined : readHost(path);
}

function etcChanges(
  target: HostTarget,
  former: HostTarget | undefined,
  { etcDirectory }: HostMachine,
): FileChanges {
  if (etcDirectory === undefined) return NO_CHANGES;
  const installed = new Map<string, HostFile>();
  const network = list(join(etcDirectory, NETWORKD)).map((name) => join(NETWORKD, name));
  for (const path of new Set([...target.etc.keys(), ...(former?.etc.keys() ?? []), ...network])) {
    const file = readHostFile(join(etcDirectory, path));
    if (file && "text" in file && authorOf(file.text) !== "other") installed.set(path, file);
  }
  // These files know no drop-ins: a change by hand is lost, as their first line says.
  return { ...compareFiles(etcDirectory, installed, target.etc, NO_FILES), kept: [] };
}

/** Where networks have files, below `/etc`; those of a switch that was cut off as well. */
const NETWORKD = "systemd/network";

/** VMs whose main unit is there and becomes another one. */
function changedVms(
  { written, removed }: FileChanges,
  present: ReadonlyMap<string, HostFile>,
  names: readonly string[],
): ReadonlySet<string> {
  const changed = [...written, ...removed].filter((path) => present.has(path));
  if (changed.includes("microvm@.service")) return new Set(names);
  const units = changed.map((path) => vmOfUnit(path.split(".d/")[0]!));
  return new Set(units.filter((name) => name !== undefined));
}
