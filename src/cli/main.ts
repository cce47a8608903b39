/** The command line: finds the command, and turns what it throws into a message and an exit status. */

import { MicrovmError } from "../errors.ts";
import { readFileSync } from "../os/files.ts";
import { hasNamespaceRights, runInUserNamespace } from "../os/user-namespace.ts";
import type { Command } from "./command.ts";
import { printError } from "./output.ts";
import { stoppedStatus } from "./setting.ts";

/** Each command is loaded when it is named: the others cost a start nothing. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  run: async () => (await import("./run.ts")).runCommand,
  build: async () => (await import("./build.ts")).buildCommand,
  eval: async () => (await import("./eval.ts")).evalCommand,
  options: async () => (await import("./options.ts")).optionsCommand,
  log: async () => (await import("./log.ts")).logCommand,
};

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
    process.stdout.write(args[0] !== undefined ? (await commandNamed(args[0])).help : await overview());
    return name === undefined ? 2 : 0;
  }
  const command = await commandNamed(name);
  if (args.includes("--help") || args.includes("-h")) {
    process.stdout.write(command.help);
    return 0;
  }
  if (command.needsRoot && !hasNamespaceRights()) return runInUserNamespace();
  return command.run(args);
}

function commandNamed(name: string): Promise<Command> {
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (load) return load();
  throw new MicrovmError("bad-usage", `There is no command "${name}"`, {
    hint: `The commands are "${Object.keys(COMMANDS).join('", "')}"; see "microvm --help"`,
  });
}

async function overview(): Promise<string> {
  const commands = await Promise.all(Object.values(COMMANDS).map((load) => load()));
  const width = Math.max(...commands.map((command) => command.usage.length));
  return `Declarative microVMs for any Linux host.

Usage:
${commands.map((command) => `  microvm ${command.usage.padEnd(width)}  ${command.summary}`).join("\n")}
  microvm --version
  microvm COMMAND --help

A project is a directory with a microvm.config.ts; "#NAME" behind it chooses one of its VMs.

Examples:
  microvm run examples/my-microvm
  microvm run examples/my-microvm --exec 'systemctl --failed'
  microvm build .#web -o result

Environment:
  MICROVM_STORE      Directory of the store
  MICROVM_STATE_DIR  Directory of the VMs' volumes and sockets
  MICROVM_ACCEL      kvm or tcg, instead of what is found to work
  NO_COLOR           No colours
`;
}

function version(): string {
  const file = new URL("../../package.json", import.meta.url);
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}
