/** `microvm build`. */
import { findProjectFile } from "../config/index.ts";
import { registerLink } from "../store/roots.ts";
import { openTemporaryRoots } from "../store/temporary-roots.ts";
import { buildWithProgress, QUIET_OPTION } from "./build-with-progress.ts";
import { type Command, parseCommand } from "./command.ts";
import { replaceLink } from "./links.ts";
import { directories, stopSignal } from "./setting.ts";

/** Builds a VM and prints its runner's store path. */
export const buildCommand: Command = {
  name: "build",
  usage: "build [PROJECT[#NAME]] [-o LINK]",
  summary: "Build a VM and print its runner's store path",
  help: `Builds a VM of a project and prints the store path of its runner, which holds bin/microvm-run and its
companions. What the store already has is not built again.

Usage: microvm build [PROJECT[#NAME]] [options]

Options:
  -o, --out-link LINK  Make LINK lead to the runner, which "microvm gc" keeps as long as LINK is there
  -q, --quiet          Print no progress, only warnings and errors
      --json           Print an object with the runner, its layers and its machine
  -h, --help           Show this

Examples:
  microvm build
  microvm build path/to/project#web -o result && result/bin/microvm-run
`,
  needsRoot: true,
  async run(args) {
    const { reference, values } = parseCommand("build", args, {
      "out-link": { type: "string", short: "o" },
      json: { type: "boolean", default: false },
      ...QUIET_OPTION,
    });
    const project = findProjectFile(reference);
    const { store } = directories();
    await using roots = openTemporaryRoots(store);
    roots.begin();
    const built = await buildWithProgress({
      project,
      storeDirectory: store,
      signal: stopSignal(),
      quiet: values.quiet,
      roots,
    });
    if (values["out-link"] !== undefined) {
      replaceLink(values["out-link"], built.runner);
      registerLink(store, values["out-link"]);
    }
    const { runner, plan, vm } = built;
    process.stdout.write(
      values.json
        ? `${JSON.stringify({ name: vm.name, runner, machine: plan.machine, packages: plan.packageCount }, null, 2)}\n`
        : `${runner}\n`,
    );
    return 0;
  },
};
