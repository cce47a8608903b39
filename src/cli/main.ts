/** The command line: finds the command, and turns what it throws into a message and an exit status. */

import { join } from "node:path";
import { MicrovmError } from "../errors.ts";
import { readFileSync } from "../os/files.ts";
import { PROGRAM_DIRECTORY } from "../os/program-files.ts";
import { hasNamespaceRights, runInUserNamespace } from "../os/user-namespace.ts";
import type { Command } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { commandOfLetters } from "./letters.ts";
import { printError } from "./output.ts";
import { stoppedStatus } from "./setting.ts";

/** Runs the program with these arguments. Returns its exit status: 0 done, 1 failed, 2 wrong usage. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    return await dispatch(args);
  } catch (error) {
    const stopped = stoppedStatus();
    if (stopped !== undefined) {
      process.stderr.write("stopped\n");
      return stopped;
    }
    printError(error);
    return error instanceof MicrovmError && error.code === "bad-usage" ? 2 : 1;
  }
}

async function dispatch([name, ...args]: readonly string[]): Promise<number> {
  if (name === "--version" || name === "-V") {
    process.stdout.write(`microvm ${version()}\n`);
    return 0;
  }
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    process.stdout.write(args[0] !== undefined ? (await findCommand(args)).command.help : await overview());
    return name === undefined ? 2 : 0;
  }
  const { command, rest } = await findCommand(commandOfLetters([name, ...args]) ?? [name, ...args]);
  // What stands behind "--" is another program's.
  const own = rest.slice(0, rest.includes("--") ? rest.indexOf("--") : rest.length);
  if (own.includes("--help") || own.includes("-h")) {
    process.stdout.write(command.help);
    return 0;
  }
  if (command.needsRoot && !hasNamespaceRights()) return runInUserNamespace();
  return command.run(rest);
}

/** The command that the first words name, and the words behind them. */
async function findCommand(words: readonly string[]) {
  let commands: Command["commands"] = COMMANDS;
  let parent = "";
  for (let depth = 0; ; depth++) {
    const command = await commandNamed(commands, parent, words[depth]!);
    const rest = words.slice(depth + 1);
    if (!command.commands || rest[0] === undefined || rest[0].startsWith("-")) return { command, rest };
    commands = command.commands;
    parent = ` ${command.name}`;
  }
}

async function commandNamed(
  commands: NonNullable<Command["commands"]>,
  parent: string,
  name: string,
): Promise<Command> {
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (load) return load();
  const names = Object.keys(commands);
  const help = `see "microvm${parent} --help"`;
  const { suggest } = await import("../module-system/suggest.ts");
  const near = suggest(name, names);
  const meant = near === undefined ? "" : `; did you mean "${near}"`;
  throw new MicrovmError("bad-usage", `There is no command "${`${parent} ${name}`.trim()}"${meant}`, {
    hint:
      names.length > SHOWN_COMMANDS
        ? help.replace("see", "See")
        : `The commands are "${names.join('", "')}"; ${help}`,
  });
}

/** More commands than these are too many for an error. */
const SHOWN_COMMANDS = 10;

async function overview(): Promise<string> {
  const commands = await Promise.all(Object.values(COMMANDS).map((load) => load()));
  const width = Math.max(...commands.map((command) => command.usage.length));
  return `Declarative microVMs for any Linux host.

Usage:
${commands.map((command) => `  microvm ${command.usage.padEnd(width)}  ${command.summary}`).join("\n")}
  microvm --version
  microvm COMMAND --help

microvm.nix's letters work as well: -c NAME [-f REFERENCE], -u NAME… [-R], -r NAME, -s NAME [COMMAND], -l.

A project is a directory with a microvm.config.ts, or a reference to a git repository that has one, such as
git+https://HOST/REPOSITORY?ref=BRANCH; "#NAME" behind it chooses one of its VMs.

Examples:
  microvm run examples/my-microvm
  microvm run examples/my-microvm --exec 'systemctl --failed'
  microvm build .#web -o result

Environment:
  MICROVM_STORE       Directory of the store
  MICROVM_STATE_DIR   Directory of the VMs' volumes and sockets
  MICROVM_ACCEL       kvm or tcg, instead of what is found to work
  MICROVM_CONFIG_DIR  Directory of keys
  MICROVM_EVAL_CACHE  0 evaluates projects even when nothing of them has changed
  NO_COLOR            No colours
`;
}

function version(): string {
  const file = join(PROGRAM_DIRECTORY, "package.json");
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}
