/** `microvm list`. What it does not always need is loaded when it is needed: it is to be quick. */

import { listInstalled } from "../host/installed.ts";
import { thisMachine } from "../host/machine.ts";
import { readVms, type VmOverview, withUnits } from "../host/overview.ts";
import { listUnits } from "../host/unit-list.ts";
import { ownUid } from "../os/user-namespace.ts";
import { type Command, parseNoWords } from "./command.ts";
import { type ListedVm, listLine, withCheck } from "./list-text.ts";
import { isTerminal, painter } from "./output.ts";
import { directories, stopSignal } from "./setting.ts";

/** Lists installed VMs. */
export const listCommand: Command = {
  name: "list",
  usage: "list [--check]",
  summary: "List installed VMs and how they stand",
  help: `Prints a line for each installed VM: how it stands, and the command that mends that.

  current     what is installed is what is wished; "not booted" when it does not run
  outdated    the host's generation, or with --check the VM's reference, has something else by now
  stale       something else is installed than what runs: it needs a restart
  broken      it cannot start; the reason stands beside
  orphaned    the host no longer declares it; it is kept on the disk

In parentheses are the beginnings of runners' hashes, with --check of commits. Nothing is built or changed, and without
--check nothing is evaluated and no repository asked.

Usage: microvm list [options]        (also: microvm -l)

Options:
      --check  Look whether the references of deployed VMs name something else by now: repositories are asked for their
               commits, projects on this machine are evaluated. The exit status is 1 when one could not be checked
      --names  Print only the names
      --json   Print a list of objects: name, kind, state, isBooted, unit, isOrphan, isDeclared, current, booted,
               wanted, flake, fault, mend, and check (isOutdated, from, now, fault)
  -h, --help   Show this

Examples:
  microvm list
  microvm list --check
  microvm list --json | jq -r '.[] | select(.state == "stale") | .name'
`,
  needsRoot: false,
  async run(args) {
    const { check, names, json } = parseNoWords("list", args, {
      check: { type: "boolean", default: false },
      names: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    });
    const { store, state } = directories();
    const machine = thisMachine(ownUid(), state, store);
    if (names) {
      process.stdout.write(
        listInstalled(state)
          .map(({ name }) => `${name}\n`)
          .join(""),
      );
      return 0;
    }
    // systemd thinks while the disk is read.
    const asked = listUnits(machine.scope);
    const read = readVms(machine);
    const all = withUnits(read, await asked);
    const vms = check ? await checked(all, store, state) : all;
    const paint = painter(isTerminal(process.stdout) && !process.env.NO_COLOR);
    process.stdout.write(
      json ? `${JSON.stringify(vms, null, 2)}\n` : vms.map((vm) => listLine(vm, paint)).join(""),
    );
    return vms.some((vm: ListedVm) => vm.check?.fault) ? 1 : 0;
  },
};

async function checked(all: readonly VmOverview[], store: string, state: string): Promise<ListedVm[]> {
  const [{ checkDeployed }, { openTemporaryRoots }, { progressReporter }] = await Promise.all([
    import("../host/check-deployed.ts"),
    import("../store/temporary-roots.ts"),
    import("./progress.ts"),
  ]);
  await using roots = openTemporaryRoots(store);
  using reporter = progressReporter({ quiet: false });
  const deployed = all.flatMap(({ name, flake, current }) =>
    flake === null ? [] : [{ name, flake, current }],
  );
  const options = { storeDirectory: store, reporter, roots, signal: stopSignal() };
  const checks = await checkDeployed(deployed, state, options);
  return all.map((vm) => withCheck(vm, checks.get(vm.name)));
}
