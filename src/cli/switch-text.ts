/** A switch's plan, for a person and for a program. */
import type { Cost, SwitchPlan, VmChange } from "../host/index.ts";
import { addressLines, isPending } from "../host/index.ts";
import { count, formatBytes } from "./units.ts";

/** VMs that stay as they are: beyond so many only their number is told. */
const SHOWN_KEPT = 20;

const ACTIONS = { create: "create", rebuild: "rebuild", keep: "keep", orphan: "orphan" } as const;

const UNITS = {
  start: "starts",
  restart: "restarts",
  change: "changes live",
  stop: "stops",
  none: "",
} as const;

/** Lines of what would change, each with its reason. */
export function switchText(plan: SwitchPlan): string {
  const { host, activation, cost, costs, networks } = plan;
  const pending = activation.vms.filter((vm) => vm.action !== "keep" || isPending(vm));
  const kept = activation.vms.filter((vm) => !pending.includes(vm));
  const shown = [...pending, ...(kept.length > SHOWN_KEPT ? [] : kept)];
  const width = Math.max(0, ...shown.map(({ name }) => name.length));
  const lines = shown.map((vm) => vmLine(vm, width, costs.get(vm.name)));
  if (kept.length > SHOWN_KEPT) lines.push(`  keep     ${kept.length} VMs that are unchanged`);
  const addresses = addressLines(networks).map((line) => `  address  ${line}`);
  const files = [...fileLines("units", activation.units), ...fileLines("files in /etc", activation.etc)];
  const edits = activation.units.kept.map(
    ({ path, dropIn }) => `  changed by hand: "${path}"; the change is kept in "${dropIn}"`,
  );
  const whole = costText(cost);
  const end = activation.isPending ? [whole === "" ? "" : `in all: ${whole}`] : ["nothing to do"];
  return `${[`host "${host}"`, ...lines, ...addresses, ...files, ...edits, ...end].filter((line) => line !== "").join("\n")}\n`;
}

function vmLine({ name, action, unit, reasons }: VmChange, width: number, cost: Cost | undefined): string {
  const what = [UNITS[unit], ...reasons].filter((part) => part !== "").join("; ");
  const own = cost ? costText(cost) : "";
  return `  ${ACTIONS[action].padEnd(7)}  ${name.padEnd(width)}  ${what}${own === "" ? "" : ` (${own})`}`;
}

function costText({
  download,
  downloads,
  builds,
  disk = null,
}: Omit<Cost, "disk"> & { readonly disk?: number | null }): string {
  return [
    downloads > 0 ? `downloads ${count(downloads, "file")}, ${formatBytes(download)}` : "",
    builds > 0 ? `builds ${count(builds, "path")}` : "",
    disk === null ? "" : `adds ${formatBytes(disk)} to the disk`,
  ]
    .filter((part) => part !== "")
    .join("; ");
}

function fileLines(what: string, { written, removed }: SwitchPlan["activation"]["units"]): string[] {
  const parts = [
    written.length > 0 ? `${written.length} written` : "",
    removed.length > 0 ? `${removed.length} removed` : "",
  ].filter((part) => part !== "");
  return parts.length === 0 ? [] : [`  ${what}: ${parts.join(", ")}`];
}

/** The same as an object. */
export function switchObject({ host, activation, cost, costs, networks }: SwitchPlan) {
  const { vms, units, etc, isPending } = activation;
  return {
    host,
    pending: isPending,
    vms: vms.map((vm) => ({ ...vm, cost: costs.get(vm.name) ?? null })),
    units: {
      written: units.written,
      removed: units.removed,
      kept: units.kept.map(({ path, dropIn }) => ({ path, dropIn })),
    },
    etc: { written: etc.written, removed: etc.removed },
    networks: networks.map(({ name, bridge, gateway, members }) => ({
      ...{ name, bridge, gateway },
      vms: Object.fromEntries(members.map(({ vm, address }) => [vm, address])),
    })),
    cost,
  };
}
