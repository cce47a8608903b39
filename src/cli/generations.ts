/** `microvm generations`. */
import { listGenerations } from "../host/index.ts";
import { type Command, parseNoWords } from "./command.ts";
import { directories } from "./setting.ts";

/** Lists the results of `switch`. */
export const generationsCommand: Command = {
  name: "generations",
  usage: "generations [--json]",
  summary: "List the results of switch on this machine",
  help: `Prints a line for each generation of this machine: its number, when it was made, its store path, and which one is in
force. "microvm rollback" puts an older one in force again. A generation whose link in ".generations" of the state
directory is removed is forgotten, and "microvm gc" removes what only it needed.

Usage: microvm generations [options]

Options:
      --json  Print a list of objects: number, made, path, isCurrent
  -h, --help  Show this

Examples:
  microvm generations
`,
  needsRoot: false,
  async run(args) {
    const { json } = parseNoWords("generations", args, { json: { type: "boolean", default: false } });
    const all = listGenerations(directories().state).map((one) => ({
      ...one,
      made: new Date(one.made).toISOString(),
      path: one.path ?? null,
    }));
    if (json) process.stdout.write(`${JSON.stringify(all, null, 2)}\n`);
    else {
      for (const { number, made, path, isCurrent } of all) {
        process.stdout.write(`${number}\t${made}\t${path ?? "(gone)"}${isCurrent ? "\tcurrent" : ""}\n`);
      }
    }
    return 0;
  },
};
