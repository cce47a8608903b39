/** VMs and how they stand, a line each, in microvm.nix's words. */
import type { ReferenceCheck } from "../host/check-deployed.ts";
import type { VmOverview } from "../host/overview.ts";
import type { Paint } from "./output.ts";

/** A VM with what checking its reference gave, if it was checked. */
export interface ListedVm extends VmOverview {
  readonly check?: ReferenceCheck | undefined;
}

/** The VM as the check sees it: a reference that names something else makes a VM outdated that was current. */
export function withCheck(vm: VmOverview, check: ReferenceCheck | undefined): ListedVm {
  if (check === undefined) return vm;
  const isOutdated = check.isOutdated && vm.state !== "broken" && !vm.isOrphan;
  if (!isOutdated) return { ...vm, check };
  return { ...vm, check, state: "outdated", mend: `microvm update --restart ${vm.name}` };
}

/** One line. */
export function listLine(vm: ListedVm, paint: Paint): string {
  const { name, unit, isBooted, mend } = vm;
  const failed = unit === "failed" ? ", failed" : "";
  const rest = [
    failed,
    vm.isOrphan ? ", orphaned" : "",
    vm.check?.fault ? `, not checked (${vm.check.fault.split("\n")[0]})` : "",
    mend === null ? "" : `: ${paint("bold", mend)}`,
  ].join("");
  const colour = unit === "failed" || !isBooted ? "red" : "bold";
  return `${paint(colour, name)}: ${stateText(vm, paint)}${rest}\n`;
}

function stateText(vm: ListedVm, paint: Paint): string {
  const { state, current, booted, wanted, check, fault, isBooted } = vm;
  const id = (runner: string | null) => shortId(runner ?? "");
  switch (state) {
    case "broken":
      return `${paint("red", "broken")}, ${fault}`;
    case "outdated": {
      const [from, to] = check?.isOutdated ? [check.from ?? current, check.now] : [current, wanted];
      return `${paint("red", "outdated")}(${id(from)}), rebuild(${id(to)}) and reboot`;
    }
    case "stale":
      return `${paint("red", "stale")}(${id(booted)}), reboot(${id(current)})`;
    case "current":
      return `current(${id(current)})${isBooted ? "" : ", not booted"}`;
  }
}

/** Enough of a runner's hash, or of a commit's, to tell it from others. */
function shortId(name: string): string {
  return name.slice(0, 8);
}
