/** `microvm create`. */

import { checkNewVm, createVm, leftFiles } from "../host/create.ts";
import { absoluteReference } from "../host/locate.ts";
import { checkUnits } from "../host/startable.ts";
import { updateRemark } from "../host/update.ts";
import { ownUid } from "../os/user-namespace.ts";
import { configDirectory } from "../paths.ts";
import { openTemporaryRoots } from "../store/temporary-roots.ts";
import { type Command, parseWords } from "./command.ts";
import { CHANGE_OPTIONS, lockOptions, ownMachine, watched } from "./host-setting.ts";
import { namedNew } from "./installed-vm.ts";
import { printWarning } from "./output.ts";
import { stopSignal } from "./setting.ts";

/** Installs a VM that no host declares. */
export const createCommand: Command = {
  name: "create",
  usage: "create NAME [-f REFERENCE]",
  summary: "Install a VM from a project, beside those that the host declares",
  help: `Builds a VM of a project and installs it under a name. It is not started, and "microvm switch" leaves it alone;
"microvm update" takes what the project has later. A name that is taken is refused before anything is built.

The reference is kept as it is written, a path as an absolute one: "microvm update" follows it anew each time. The VM is
the one behind "#", else the one that is called NAME. Without -f the project is /etc/microvm (a user's is
~/.config/microvm).

Usage: microvm create NAME [options]        (also: microvm -c NAME [-f REFERENCE])

Options:
  -f, --flake REFERENCE  Where the VM is defined, now and when it is updated
      --no-wait          Leave when another command is changing this host, instead of waiting for it
  -q, --quiet            Print no progress, only warnings and errors
  -h, --help             Show this

Examples:
  microvm create web -f path/to/project && microvm start web
  microvm create db --flake 'git+https://HOST/REPOSITORY?ref=main#postgres'
`,
  needsRoot: true,
  async run(args) {
    const { words, values } = parseWords("create", args, {
      flake: { type: "string", short: "f" },
      ...CHANGE_OPTIONS,
    });
    const name = namedNew("create", words);
    const machine = ownMachine();
    checkNewVm(machine, name);
    const flake = absoluteReference(values.flake ?? configDirectory(process.env, ownUid()), process.cwd());
    checkUnits(machine);
    const remark = updateRemark(machine, { name, reference: flake });
    if (remark !== undefined) printWarning(remark);
    const left = leftFiles(machine, name);
    const signal = stopSignal();
    await using roots = openTemporaryRoots(machine.storeDirectory);
    roots.begin();
    await watched(values.quiet, (reporter) =>
      createVm(
        { name, flake },
        machine,
        { storeDirectory: machine.storeDirectory, reporter, roots, signal },
        lockOptions(values, signal),
      ),
    );
    if (left.length > 0)
      printWarning(`"${name}" uses what is in its directory already: "${left.join('", "')}"`);
    if (!values.quiet)
      process.stdout.write(`Created "${name}" from "${flake}". Start it: microvm start ${name}\n`);
    return 0;
  },
};
