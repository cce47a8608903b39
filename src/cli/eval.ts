/** `microvm eval`. */
import {
  type EvaluateProjectOptions,
  evaluateProject,
  evaluateWholeProject,
  traceProjectOption,
} from "../config/index.ts";
import { type ErrorCode, MicrovmError } from "../errors.ts";
import { openTemporaryRoots } from "../store/temporary-roots.ts";
import { type Command, parseCommand } from "./command.ts";
import { printWarning } from "./output.ts";
import { findProjectFor } from "./project.ts";
import { directories } from "./setting.ts";
import { traceText } from "./trace.ts";

/** Prints a VM's evaluated configuration, or one option of it. */
export const evalCommand: Command = {
  name: "eval",
  usage: "eval [PROJECT[#NAME]] [--all | --option PATH [--trace]]",
  summary: "Print a VM's evaluated configuration",
  help: `Evaluates a VM's configuration and prints every option with its value. Nothing is built, and no package fetched.

Usage: microvm eval [PROJECT[#NAME]] [options]

Options:
      --all          Print every VM of the project, those of its hosts too, each line after the VM's name
      --option PATH  Print the value of one option, or set of options, as JSON. Faults elsewhere do not matter
      --trace        With --option: list every definition with its file and its strength, and which of them won
      --json         Print an object: name, pkgs, config and warnings; with --all the lists hosts and vms, on
                     one line; with --option all that is known of the option
  -h, --help         Show this

In a PATH, a name with a dot is quoted and an entry of a list is numbered: 'boot.kernel.sysctl."vm.swappiness"',
'microvm.volumes[0].size'. "microvm options" lists the options.

Examples:
  microvm eval
  microvm eval path/to/project#web --json
  microvm eval --all --json
  microvm eval --option microvm.mem
  microvm eval .#web --option microvm.mem --trace
`,
  needsRoot: false,
  async run(args) {
    const { reference, values } = parseCommand("eval", args, {
      all: { type: "boolean", default: false },
      option: { type: "string" },
      trace: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    });
    if (values.trace && values.option === undefined) throw wrongUsage('"--trace" needs "--option"');
    const { store: storeDir } = directories();
    await using roots = openTemporaryRoots(storeDir);
    const found = await findProjectFor(reference, { storeDirectory: storeDir, roots, quiet: false });
    if (values.all && (found.name !== undefined || values.option !== undefined)) {
      throw wrongUsage('"--all" is for the whole project, without "#NAME" and "--option"');
    }
    const project = { ...found, storeDir };
    if (values.option !== undefined) return printOption(project, values.option, values);
    if (values.all) return printAll(project, values.json);
    const vm = await evaluateProject(project);
    if (values.json) {
      process.stdout.write(`${JSON.stringify(vm, null, 2)}\n`);
      return 0;
    }
    for (const warning of vm.warnings) printWarning(warning);
    process.stdout.write(`${optionLines(vm.config, []).join("\n")}\n`);
    return 0;
  },
};

function wrongUsage(message: string): MicrovmError {
  return new MicrovmError("bad-usage", message, { hint: 'See "microvm eval --help"' });
}

async function printAll(project: EvaluateProjectOptions, json: boolean): Promise<number> {
  const { hosts, vms } = await evaluateWholeProject(project);
  if (json) {
    process.stdout.write(`${JSON.stringify({ hosts, vms })}\n`);
    return 0;
  }
  const all = [...vms, ...hosts.flatMap((host) => host.vms)];
  for (const warning of [...hosts, ...all].flatMap(({ warnings }) => warnings)) printWarning(warning);
  const lines = all.flatMap(({ name, config }) =>
    optionLines(config, []).map((line) => `${name}: ${line}\n`),
  );
  process.stdout.write(lines.join(""));
  return 0;
}

/** Where it comes from is shown before the fault of an option is reported: that is what one looks for. */
async function printOption(
  project: EvaluateProjectOptions,
  path: string,
  { trace, json }: { readonly trace: boolean; readonly json: boolean },
): Promise<number> {
  const traced = await searchable(traceProjectOption(project, path), path);
  if (json) process.stdout.write(`${JSON.stringify(traced, null, 2)}\n`);
  else if (trace) process.stdout.write(traceText(traced));
  if (traced.fault) {
    const { code, message, hint } = traced.fault;
    throw new MicrovmError(code as ErrorCode, message, hint === undefined ? {} : { hint });
  }
  if (json || trace) return 0;
  if (!("value" in traced)) {
    throw new MicrovmError("unsupported", `The option "${traced.name}" has no value that JSON can say`, {
      hint: "See where it is defined with --trace",
    });
  }
  process.stdout.write(`${JSON.stringify(traced.value, null, 2)}\n`);
  return 0;
}

/** An option that is not there and resembles none is looked for with another command. */
async function searchable<T>(work: Promise<T>, path: string): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const isKnown = !(error instanceof MicrovmError) || error.code !== "option-unknown";
    if (isKnown || error.message.includes("did you mean")) throw error;
    const hint = `Search for it: microvm options ${/[\w-]*\W*$/.exec(path)![0].replace(/\W/g, "")}`;
    throw new MicrovmError(error.code, error.message, { hint, cause: error });
  }
}

/** One line an option: its path and its value as JSON. */
function optionLines(value: unknown, path: readonly string[]): string[] {
  const isSet = typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isSet || Object.keys(value).length === 0) return [`${path.join(".")} = ${JSON.stringify(value)}`];
  return Object.entries(value).flatMap(([key, inner]) =>
    optionLines(inner, [...path, /^[\w-]+$/.test(key) ? key : JSON.stringify(key)]),
  );
}
