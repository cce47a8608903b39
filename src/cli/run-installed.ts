/** `microvm -r NAME`: an installed VM in the foreground. */
import { basename, join } from "node:path";
import { startMachine } from "../control/machine-process.ts";
import { MicrovmError } from "../errors.ts";
import { checkNotRunning, currentRunner, giveBack } from "../host/foreground.ts";
import { overviewOf } from "../host/overview.ts";
import { checkStartable } from "../host/startable.ts";
import { hasSystemd } from "../host/systemd.ts";
import { lockFile } from "../os/locks.ts";
import { vmNames } from "../paths.ts";
import { openTemporaryRoots } from "../store/temporary-roots.ts";
import { type Command, parseWords } from "./command.ts";
import { ownMachine } from "./host-setting.ts";
import { namedVm } from "./installed-vm.ts";
import { attach } from "./run.ts";
import { stopSignal } from "./setting.ts";

/** Runs an installed VM in the foreground. */
export const runInstalledCommand: Command = {
  name: "run-installed",
  usage: "run-installed NAME",
  summary: "Run an installed VM in the foreground",
  help: `Runs an installed VM in the foreground, in its own directory, as its units would: its interfaces are made and its shares
served before it starts, and all of that is cleaned up when it has ended. Its console is attached to the terminal until
the guest powers off; Ctrl-] three times in a row powers it off and leaves. No systemd is needed.

The hypervisor runs as the user who runs this command, without what its unit confines it by.

Usage: microvm run-installed NAME [options]        (also: microvm -r NAME)

Options:
  -h, --help  Show this

Examples:
  microvm stop web && microvm -r web
`,
  needsRoot: true,
  async run(args) {
    const { words } = parseWords("run-installed", args, {});
    const machine = ownMachine();
    const name = namedVm("run-installed", words, machine.stateDirectory);
    overviewOf(machine, undefined, (one) => one === name).forEach(checkStartable);
    if (hasSystemd()) await checkNotRunning(machine, name);
    const directory = join(machine.stateDirectory, name);
    const signal = stopSignal();
    await using lock = await lockFile(join(directory, vmNames.lock), { wait: false });
    if (!lock) {
      throw new MicrovmError("state-busy", `"${name}" runs in the foreground`, {
        hint: "End it there first",
      });
    }
    const runner = currentRunner(machine, name);
    await using roots = openTemporaryRoots(machine.storeDirectory);
    await roots.add([basename(runner)], signal);
    try {
      return await attach(await startMachine(runner, directory), signal);
    } finally {
      giveBack(machine, name);
    }
  },
};
