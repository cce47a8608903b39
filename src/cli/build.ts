/** `microvm build`. */
import { findProjectFile } from "../config/index.ts";
import { MicrovmError } from "../errors.ts";
import { lstatSync, renameSync, symlinkSync } from "../os/files.ts";
import { buildWithProgress, QUIET_OPTION } from "./build-with-progress.ts";
import { type Command, parseCommand } from "./command.ts";
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
  -o, --out-link LINK  Make LINK lead to the runner
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
    const built = await buildWithProgress({
      project,
      storeDirectory: directories().store,
      signal: stopSignal(),
      quiet: values.quiet,
    });
    if (values["out-link"] !== undefined) replaceLink(values["out-link"], built.runner);
    const { runner, plan, vm } = built;
    process.stdout.write(
      values.json
        ? `${JSON.stringify({ name: vm.name, runner, machine: plan.machine, packages: plan.packageCount }, null, 2)}\n`
        : `${runner}\n`,
    );
    return 0;
  },
};

/** Makes a link, in place of an older one. Whatever else has the name is left alone. */
function replaceLink(link: string, target: string): void {
  const there = lstatSync(link, { throwIfNoEntry: false });
  if (there && !there.isSymbolicLink()) {
    throw new MicrovmError("bad-usage", `"${link}" exists and is no link`, {
      hint: "Choose another name for the link",
    });
  }
  const temporary = `${link}.${process.pid}.tmp`;
  symlinkSync(target, temporary);
  renameSync(temporary, link);
}
