/** `microvm remove`. */
import { MicrovmError } from "../errors.ts";
import { checkRemovable, keptFiles, removeVm, volumesElsewhere } from "../host/remove.ts";
import { lockHost } from "../host/transaction.ts";
import { agreed } from "./agreed.ts";
import { type Command, parseWords } from "./command.ts";
import { CHANGE_OPTIONS, lockOptions, ownMachine } from "./host-setting.ts";
import { namedVms } from "./installed-vm.ts";
import { stopSignal } from "./setting.ts";
import { formatBytes } from "./units.ts";

/** Stops and forgets VMs. */
export const removeCommand: Command = {
  name: "remove",
  usage: "remove NAME… [--purge]",
  summary: "Stop VMs and forget them; with --purge their volumes too",
  help: `Stops VMs and removes their directories, so that nothing starts them again. Their volumes stay there, and a new VM of
the same name uses them. "microvm gc" then frees what they ran from.

A VM that its host declares is refused: take it out of the host's project and run "microvm switch" first.

Usage: microvm remove NAME… [options]

Options:
      --purge    Remove the volumes in the directory as well; on a terminal it asks before. Volumes elsewhere stay
  -y, --yes      Do not ask
      --no-wait  Leave when another command is changing this host, instead of waiting for it
  -q, --quiet    Print only warnings and errors
  -h, --help     Show this

Examples:
  microvm remove web
  microvm remove web --purge --yes && microvm gc
`,
  needsRoot: true,
  async run(args) {
    const { words, values } = parseWords("remove", args, {
      purge: { type: "boolean", default: false },
      yes: { type: "boolean", short: "y", default: false },
      ...CHANGE_OPTIONS,
    });
    const { purge, quiet } = values;
    const machine = ownMachine();
    const names = namedVms("remove", words, machine.stateDirectory);
    for (const name of names) checkRemovable(machine, name);
    const kept = names.flatMap((name) => keptFiles(machine, name));
    const elsewhere = names.flatMap((name) => volumesElsewhere(machine, name));
    const signal = stopSignal();
    if (purge && !values.yes && kept.length > 0) {
      const list = kept.map(({ path, size }) => `  ${path} (${formatBytes(size)})\n`).join("");
      process.stderr.write(`This is lost for ever:\n${list}`);
      if (!(await agreed("Remove it?", signal))) throw new MicrovmError("interrupted", "Nothing was changed");
    }
    {
      await using _lock = await lockHost(machine, lockOptions(values, signal));
      for (const name of names) {
        await removeVm(machine, name, { purge });
        if (!quiet) process.stdout.write(`Removed "${name}"\n`);
      }
    }
    if (quiet) return 0;
    const staying = [...(purge ? [] : kept.map(({ path }) => path)), ...elsewhere];
    for (const path of staying) process.stdout.write(`Left: ${path}\n`);
    return 0;
  },
};
