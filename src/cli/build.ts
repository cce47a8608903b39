/** `microvm build`. */
import type { BuiltVm } from "../build/build-evaluated.ts";
import { MicrovmError } from "../errors.ts";
import { registerLink } from "../store/roots.ts";
import { openTemporaryRoots } from "../store/temporary-roots.ts";
import { buildAllWithProgress, buildWithProgress, QUIET_OPTION } from "./build-with-progress.ts";
import { type Command, parseCommand } from "./command.ts";
import { replaceLink } from "./links.ts";
import { findProjectFor } from "./project.ts";
import { directories, stopSignal } from "./setting.ts";

/** Builds a VM and prints its runner's store path. */
export const buildCommand: Command = {
  name: "build",
  usage: "build [PROJECT[#NAME]] [-o LINK]",
  summary: "Build a VM and print its runner's store path",
  help: `Builds a VM of a project and prints the store path of its runner, which holds bin/microvm-run and its
companions. With --all builds every VM of the project together, those of its hosts too, and prints a line for each: its
name and its path. What the store already has is not built again, and what VMs share is built once.

Usage: microvm build [PROJECT[#NAME]] [options]

Options:
  -o, --out-link LINK  Make LINK lead to the runner, which "microvm gc" keeps as long as LINK is there
  -a, --all            Build all VMs of the project
  -q, --quiet          Print no progress, only warnings and errors
      --json           Print an object with the runner, its layers and its machine
  -h, --help           Show this

Examples:
  microvm build
  microvm build --all --json
  microvm build path/to/project#web -o result && result/bin/microvm-run
  microvm build 'git+https://HOST/REPOSITORY?ref=main#web'
`,
  needsRoot: true,
  async run(args) {
    const { reference, values } = parseCommand("build", args, {
      "out-link": { type: "string", short: "o" },
      all: { type: "boolean", short: "a", default: false },
      json: { type: "boolean", default: false },
      ...QUIET_OPTION,
    });
    const { store } = directories();
    const { quiet, json, "out-link": link } = values;
    const signal = stopSignal();
    await using roots = openTemporaryRoots(store);
    const project = await findProjectFor(reference, { storeDirectory: store, signal, roots, quiet });
    const options = { project, storeDirectory: store, signal, quiet, roots };
    if (values.all) {
      refuseWithAll("--out-link", link);
      refuseWithAll(`#${project.name}`, project.name);
      const all = await buildAllWithProgress(options);
      printResult(
        all.map((built) => ({ ...describe(built), name: built.label })),
        json,
      );
      return 0;
    }
    const built = await buildWithProgress(options);
    if (link !== undefined) {
      replaceLink(link, built.runner);
      registerLink(store, link);
    }
    printResult(describe(built), json);
    return 0;
  },
};

function refuseWithAll(what: string, given: string | undefined): void {
  if (given === undefined) return;
  throw new MicrovmError("bad-usage", `"${what}" is for one VM, and "--all" builds all`, {
    hint: 'See "microvm build --help"',
  });
}

interface Description {
  readonly name: string;
  readonly runner: string;
}

function describe({ vm, runner, plan }: BuiltVm) {
  return { name: vm.name, runner, machine: plan.machine, packages: plan.packageCount };
}

/** Of one VM its runner's path; of several a line for each. */
function printResult(built: Description | readonly Description[], json: boolean): void {
  if (json) process.stdout.write(`${JSON.stringify(built, null, 2)}\n`);
  else if ("runner" in built) process.stdout.write(`${built.runner}\n`);
  else for (const { name, runner } of built) process.stdout.write(`${name}\t${runner}\n`);
}
