/** What putting a host in force would do to its VMs, and why: a pure function of what is wished and what is there. */
import { type RebootReason, reasonText } from "../live/compare-runners.ts";
import type { HostRecord, RecordedVm } from "./host-record.ts";
import type { InstalledVm } from "./installed.ts";

/** What a machine has now. */
export interface MachineFacts {
  /** Installed VMs, by name. */
  readonly installed: ReadonlyMap<string, InstalledVm>;
  /** Names of VMs whose runner is in the store. */
  readonly startable: ReadonlySet<string>;
  /** Names of VMs that run or are about to. */
  readonly running: ReadonlySet<string>;
  /** Names of VMs whose own unit, or its drop-in, changes. */
  readonly changedUnits: ReadonlySet<string>;
  /** The host in force. */
  readonly former: HostRecord | undefined;
  /** Why a VM's runner is another than before, by its name; for a person. */
  readonly why: (name: string) => string;
  /** Why a running VM cannot become its declared runner without a reboot; empty when it can. */
  readonly rebootReasons: (name: string) => readonly RebootReason[];
}

/** What happens to one VM. */
export interface VmChange {
  readonly name: string;
  readonly action: "create" | "rebuild" | "keep" | "orphan";
  /** What its unit is told; "change" is none, and its guest changes while it runs. */
  readonly unit: "start" | "restart" | "change" | "stop" | "none";
  /** For a person, in the order in which they count. */
  readonly reasons: readonly string[];
}

/** The changes of a host's own VMs, and of those that no host declares any more; by name. */
export function vmChanges(record: HostRecord, facts: MachineFacts): VmChange[] {
  const declared = Object.entries(record.vms).map(([name, vm]) => changeOf(name, vm, facts));
  const gone = [...facts.installed.values()]
    .filter(({ name }) => !Object.hasOwn(record.vms, name) && isOrphan(name, facts))
    .map(({ name }) => orphaned(name, facts));
  return [...declared, ...gone].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Whether there is anything to do. */
export function isPending({ action, unit }: VmChange): boolean {
  return action === "create" || action === "rebuild" || unit !== "none";
}

function changeOf(name: string, vm: RecordedVm, facts: MachineFacts): VmChange {
  const there = facts.installed.get(name);
  const runs = facts.running.has(name);
  const start = vm.autostart && !runs ? "start" : "none";
  const isThere = there?.current !== undefined;
  if (!isThere || !facts.startable.has(name)) {
    return { name, action: "create", unit: runs ? restart(vm) : start, reasons: [whyCreated(name, there)] };
  }
  if (vm.runner !== null && there.current !== vm.runner) {
    const reasons = [facts.why(name)];
    if (!runs) return { name, action: "rebuild", unit: start, reasons };
    const { unit, because } = runningUnit(name, vm, there, facts);
    return { name, action: "rebuild", unit, reasons: [...reasons, ...because] };
  }
  return { name, action: "keep", ...keptUnit(name, vm, there, runs, facts) };
}

/** What happens to a VM that runs another runner than the declared one, or, put back, the same. */
function runningUnit(
  name: string,
  vm: RecordedVm,
  { booted }: InstalledVm,
  facts: MachineFacts,
): { readonly unit: VmChange["unit"]; readonly because: readonly string[] } {
  const isUnitChanged = facts.changedUnits.has(name);
  if (booted === vm.runner && !isUnitChanged) return { unit: "none", because: ["runs it already"] };
  const needed = vm.changeLive && !isUnitChanged ? facts.rebootReasons(name) : undefined;
  if (needed?.length === 0) return { unit: "change", because: ["without a reboot"] };
  const because = needed ? [`needs a reboot for ${reasonText(needed)}`] : [];
  if (vm.restartIfChanged) return { unit: "restart", because };
  return { unit: "none", because: [...because, "runs on as it is, since restartIfChanged is off"] };
}

function keptUnit(
  name: string,
  vm: RecordedVm,
  there: InstalledVm,
  runs: boolean,
  facts: MachineFacts,
): Pick<VmChange, "unit" | "reasons"> {
  if (!runs) {
    if (vm.autostart) return { unit: "start", reasons: ["starts with its host and does not run"] };
    return { unit: "none", reasons: [deployed(vm) ?? "unchanged"] };
  }
  const { current, booted } = there;
  if (facts.changedUnits.has(name) && vm.restartIfChanged)
    return { unit: "restart", reasons: ["its unit changed"] };
  const isOutdated = booted !== undefined && booted !== current;
  if (isOutdated && vm.restartIfChanged && vm.runner !== null) {
    const { unit, because } = runningUnit(name, vm, there, facts);
    return { unit, reasons: ["runs another runner than the one that is installed", ...because] };
  }
  return { unit: "none", reasons: [deployed(vm) ?? "unchanged"] };
}

function deployed(vm: RecordedVm): string | undefined {
  return vm.kind === "flake" && vm.runner === null ? "deployed, and updated by itself" : undefined;
}

function restart(vm: RecordedVm): VmChange["unit"] {
  return vm.restartIfChanged ? "restart" : "none";
}

function whyCreated(name: string, there: InstalledVm | undefined): string {
  if (there === undefined) return "new";
  if (there.current === undefined) return `its directory has no runner; volumes in it stay`;
  return `the runner of "${name}" is gone from the store`;
}

/** Fully declared VMs leave `toplevel` behind, deployed ones stand in the host before. */
function isOrphan(name: string, { installed, former }: MachineFacts): boolean {
  return (
    installed.get(name)?.toplevel !== undefined || (former !== undefined && Object.hasOwn(former.vms, name))
  );
}

function orphaned(name: string, { running, former }: MachineFacts): VmChange {
  const isNew = former !== undefined && Object.hasOwn(former.vms, name);
  const kept = 'kept on the disk until "microvm remove"';
  return {
    name,
    action: "orphan",
    unit: running.has(name) && isNew ? "stop" : "none",
    reasons: [isNew ? `no longer declared, ${kept}` : `not declared, ${kept}`],
  };
}
