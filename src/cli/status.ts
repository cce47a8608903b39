/** `microvm status`. */
import { join } from "node:path";
import type { GuestAddress } from "../control/guest-addresses.ts";
import { thisMachine } from "../host/machine.ts";
import { readVms, type VmOverview, withUnits } from "../host/overview.ts";
import { hasSystemd } from "../host/systemd.ts";
import { type UnitDetails, unitDetails } from "../host/unit-details.ts";
import { ownUid } from "../os/user-namespace.ts";
import { type Command, parseWords } from "./command.ts";
import { guestAnswer } from "./guest-answer.ts";
import { namedVms } from "./installed-vm.ts";
import { directories } from "./setting.ts";
import { formatBytes } from "./units.ts";

/** Shows how VMs do. */
export const statusCommand: Command = {
  name: "status",
  usage: "status [NAME…]",
  summary: "Show whether VMs run, since when, and how far they are",
  help: `Shows of each VM, or of those that are named: the state of its unit and since when, how far its guest's start is,
whether its guest answers and at which addresses, its memory on the host, its hypervisor's process, how often it was
restarted by itself, and what it runs and starts from. The exit status is 1 when a named VM is not active, or a guest
does not answer.

Usage: microvm status [NAME…] [options]

Options:
      --json  Print a list of objects: all of "microvm list --json", active, sub, result, since, stage, answers,
              addresses (interface, address, prefixLength), silentSince, memory (bytes), mainPid, restarts; null for
              what is not known
  -h, --help  Show this

Examples:
  microvm status
  microvm status web --json
`,
  needsRoot: false,
  async run(args) {
    const { words, values } = parseWords("status", args, { json: { type: "boolean", default: false } });
    const { store, state } = directories();
    const names = words.length === 0 ? undefined : namedVms("status", words, state);
    const machine = thisMachine(ownUid(), state, store);
    const read = readVms(machine, names && ((name) => names.includes(name)));
    const details = hasSystemd()
      ? await unitDetails(
          machine.scope,
          read.map(([{ name }]) => name),
        )
      : undefined;
    const vms = withUnits(read, details);
    const all = await Promise.all(vms.map((vm) => statusOf(vm, details?.get(vm.name), state)));
    process.stdout.write(values.json ? `${JSON.stringify(all, null, 2)}\n` : all.map(statusText).join("\n"));
    const isIll = (one: VmStatus) =>
      one.answers === false || (names !== undefined && one.active !== "active");
    return all.some(isIll) ? 1 : 0;
  },
};

/** What is told of a VM. */
interface VmStatus extends VmOverview {
  readonly active: string | null;
  readonly sub: string | null;
  readonly result: string | null;
  readonly since: string | null;
  readonly stage: string | null;
  readonly answers: boolean | null;
  readonly addresses: readonly GuestAddress[] | null;
  readonly silentSince: string | null;
  readonly memory: number | null;
  readonly mainPid: number | null;
  readonly restarts: number | null;
}

async function statusOf(vm: VmOverview, unit: UnitDetails | undefined, state: string): Promise<VmStatus> {
  // One that is not up yet has no answer to give.
  const guest = unit?.active === "active" ? await guestAnswer(join(state, vm.name)) : undefined;
  return {
    ...vm,
    active: unit?.active ?? null,
    sub: unit?.sub ?? null,
    result: unit?.result || null,
    since: unit?.since ? new Date(unit.since).toISOString() : null,
    stage: unit?.status || null,
    answers: guest?.answers ?? null,
    addresses: guest?.answers ? guest.addresses : null,
    silentSince: guest?.silentSince?.toISOString() ?? null,
    memory: unit?.memory ?? null,
    mainPid: unit?.mainPid || null,
    restarts: unit?.restarts ?? null,
  };
}

/** A block of lines. */
function statusText(vm: VmStatus): string {
  const { active, sub, since, answers, addresses, silentSince, stage, memory, mainPid, restarts, mend } = vm;
  const { fault, result } = vm;
  const quiet = answers === false ? `, guest not answering${silentSince ? ` since ${silentSince}` : ""}` : "";
  const why = result !== null && result !== "success" ? `, ${result}` : "";
  const rows: (readonly [string, string | null])[] = [
    ["state", active === null ? "systemd does not tell" : `${active} (${sub}${why})${quiet}`],
    ["since", since],
    ["stage", stage],
    ...(addresses ?? []).map(
      (one) => ["address", `${one.address}/${one.prefixLength} (${one.interface})`] as const,
    ),
    ["memory", memory === null ? null : formatBytes(memory)],
    ["process", mainPid === null ? null : String(mainPid)],
    ["restarts", restarts ? String(restarts) : null],
    ["runs", vm.isBooted ? vm.booted : null],
    ["starts", vm.current],
    ["is", `${vm.state}${vm.isOrphan ? ", orphaned" : ""}${fault === null ? "" : `: ${fault}`}`],
    ["flake", vm.flake],
    ["next", mend],
  ];
  const lines = rows.flatMap(([key, value]) => (value === null ? [] : [`  ${key.padEnd(8)}  ${value}\n`]));
  return `${vm.name}\n${lines.join("")}`;
}
