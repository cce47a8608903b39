/** `microvm eval`. */
import { evaluateProject, findProjectFile } from "../config/index.ts";
import { type Command, parseCommand } from "./command.ts";
import { printWarning } from "./output.ts";
import { directories } from "./setting.ts";

/** Prints a VM's evaluated configuration. */
export const evalCommand: Command = {
  name: "eval",
  usage: "eval [PROJECT[#NAME]] [--json]",
  summary: "Print a VM's evaluated configuration",
  help: `Evaluates a VM's configuration and prints every option with its value. Nothing is built or fetched.

Usage: microvm eval [PROJECT[#NAME]] [options]

Options:
      --json  Print an object with name, pkgs, config and warnings
  -h, --help  Show this

Examples:
  microvm eval
  microvm eval path/to/project#web --json
`,
  needsRoot: false,
  async run(args) {
    const { reference, values } = parseCommand("eval", args, { json: { type: "boolean", default: false } });
    const { file, name } = findProjectFile(reference);
    const vm = await evaluateProject({ file, name, storeDir: directories().store });
    if (values.json) {
      process.stdout.write(`${JSON.stringify(vm, null, 2)}\n`);
      return 0;
    }
    for (const warning of vm.warnings) printWarning(warning);
    process.stdout.write(`${optionLines(vm.config, []).join("\n")}\n`);
    return 0;
  },
};

/** One line an option: its path and its value as JSON. */
function optionLines(value: unknown, path: readonly string[]): string[] {
  const isSet = typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isSet || Object.keys(value).length === 0) return [`${path.join(".")} = ${JSON.stringify(value)}`];
  return Object.entries(value).flatMap(([key, inner]) =>
    optionLines(inner, [...path, /^[\w-]+$/.test(key) ? key : JSON.stringify(key)]),
  );
}
