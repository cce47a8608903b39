/** `microvm update`. */
import { basename } from "node:path";
import { packageParts } from "../build/package-parts.ts";
import { MicrovmError } from "../errors.ts";
import { checkLive } from "../host/change-live.ts";
import type { HostMachine } from "../host/index.ts";
import { overviewOf } from "../host/overview.ts";
import { setPower } from "../host/power.ts";
import { checkUnits } from "../host/startable.ts";
import { listUnits } from "../host/unit-list.ts";
import {
  buildUpdates,
  changeUpdates,
  installUpdates,
  runningOthers,
  type UpdatedVm,
  updateRemark,
  updateWanted,
} from "../host/update.ts";
import { type ClosureDiff, diffClosures } from "../store/closure-diff.ts";
import { openStore } from "../store/store.ts";
import { openTemporaryRoots } from "../store/temporary-roots.ts";
import { type Command, parseWords } from "./command.ts";
import { CHANGE_OPTIONS, lockOptions, ownMachine, watched } from "./host-setting.ts";
import { namedVms } from "./installed-vm.ts";
import { printWarning } from "./output.ts";
import { printProgress } from "./power.ts";
import { stopSignal } from "./setting.ts";
import { diffText } from "./store/diff.ts";

/** Takes what the references of deployed VMs name now. */
export const updateCommand: Command = {
  name: "update",
  usage: "update NAME… [-R | --live]",
  summary: "Install what the references of deployed VMs name now",
  help: `Follows the reference of each VM anew, builds what it names now, all VMs together, installs it, and prints what changed
by package and whether a restart is needed. A VM that its host declares whole is refused: "microvm switch" updates it.

Usage: microvm update NAME… [options]        (also: microvm -u NAME… [-R])

Options:
      --live     Change the VMs that run while they run, or refuse with the option that asks for a restart
  -R, --restart  Restart the VMs that do not run what is installed then, also those that do not run
      --no-wait  Leave when another command is changing this host, instead of waiting for it
  -q, --quiet    Print no progress, only what changed, warnings and errors
      --json     Print a list of objects: name, reference, rev, before, after, changed, restart ("needed", "done",
                 "none"), diff (parts, paths, size; null when nothing changed)
  -h, --help     Show this

Examples:
  microvm update web
  microvm update web db --restart
  microvm update web --live
`,
  needsRoot: true,
  async run(args) {
    const { words, values } = parseWords("update", args, {
      restart: { type: "boolean", short: "R", default: false },
      live: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      ...CHANGE_OPTIONS,
    });
    const machine = ownMachine();
    const wanted = updateWanted(machine, namedVms("update", words, machine.stateDirectory));
    if (values.restart && values.live) {
      throw new MicrovmError("bad-usage", '"--restart" and "--live" exclude each other', {
        hint: "Leave out one of them",
      });
    }
    if (values.restart) checkUnits(machine);
    const remarks = wanted.map((vm) => updateRemark(machine, vm)).filter((remark) => remark !== undefined);
    for (const remark of remarks) printWarning(remark);
    const signal = stopSignal();
    await using roots = openTemporaryRoots(machine.storeDirectory);
    roots.begin();
    const { storeDirectory } = machine;
    const updates = await watched(values.quiet, (reporter) =>
      buildUpdates(machine, wanted, { storeDirectory, reporter, roots, signal }),
    );
    const changed = values.live ? runningOthers(machine, updates) : [];
    for (const { name, runner } of changed) checkLive(name, runner, machine);
    await installUpdates(machine, updates, lockOptions(values, signal));
    await changeUpdates(machine, changed, lockOptions(values, signal));
    const reports = await reportsOf(machine, updates, values.restart);
    if (!values.json) process.stdout.write(reports.map(reportText).join(""));
    const due = reports.filter(({ restart }) => restart === "done").map(({ name }) => name);
    if (due.length > 0) await setPower(machine, "restart", due, values.quiet ? () => {} : printProgress);
    if (values.json) process.stdout.write(`${JSON.stringify(reports, null, 2)}\n`);
    return 0;
  },
};

/** What an update did to a VM. */
interface UpdateReport {
  readonly name: string;
  readonly reference: string;
  readonly rev: string | null;
  /** Names of runners. */
  readonly before: string | null;
  readonly after: string;
  readonly changed: boolean;
  readonly restart: "needed" | "done" | "none";
  readonly diff: ClosureDiff | null;
}

async function reportsOf(
  machine: HostMachine,
  updates: readonly UpdatedVm[],
  isRestarting: boolean,
): Promise<UpdateReport[]> {
  const units = await listUnits(machine.scope);
  const vms = overviewOf(machine, units, (name) => updates.some((one) => one.name === name));
  const byName = new Map(vms.map((vm) => [vm.name, vm]));
  return Promise.all(
    updates.map(async ({ name, reference, rev, before, runner }) => {
      const { isBooted, booted } = byName.get(name)!;
      const isDue = isBooted ? booted !== basename(runner) : isRestarting;
      return {
        ...{ name, reference, rev: rev ?? null, after: basename(runner) },
        before: before === undefined ? null : basename(before),
        changed: before !== runner,
        restart: !isDue ? ("none" as const) : isRestarting ? ("done" as const) : ("needed" as const),
        diff: before === undefined || before === runner ? null : await diffOf(machine, before, runner),
      };
    }),
  );
}

/** What differs between two runners; null when not all of the first is in the store any more. */
export async function diffOf(
  { storeDirectory }: HostMachine,
  before: string,
  after: string,
): Promise<ClosureDiff | null> {
  const store = openStore(storeDirectory);
  try {
    return await diffClosures(store, basename(before), basename(after), packageParts);
  } catch (error) {
    if (error instanceof MicrovmError) return null;
    throw error;
  }
}

function reportText({ name, reference, rev, changed, diff, restart }: UpdateReport): string {
  const at = rev === null ? "" : ` at ${rev.slice(0, 12)}`;
  const head = changed
    ? `${name}: updated from ${reference}${at}\n`
    : `${name}: unchanged: ${reference}${at} gives what is installed\n`;
  const what =
    diff === null
      ? ""
      : diffText(diff, false)
          .trimEnd()
          .replace(/^(?=.)/gm, "  ")
          .concat("\n");
  const end = {
    needed: `${name}: restart it to run that: microvm restart ${name}\n`,
    done: `${name}: restarts\n`,
    none: changed ? `${name}: no restart is needed\n` : "",
  }[restart];
  return head + what + end;
}
