/** `microvm run`. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { findProjectFile } from "../config/index.ts";
import { type GuestAgent, waitForAgent } from "../control/guest-agent.ts";
import { type MachineProcess, startMachine } from "../control/machine-process.ts";
import { MicrovmError } from "../errors.ts";
import { mkdirSync } from "../os/files.ts";
import { lockFile } from "../os/locks.ts";
import { FOREGROUND_DIRECTORY, vmNames } from "../paths.ts";
import { openTemporaryRoots } from "../store/temporary-roots.ts";
import { buildWithProgress, QUIET_OPTION } from "./build-with-progress.ts";
import { type Command, parseCommand } from "./command.ts";
import { printWarning } from "./output.ts";
import { lendTerminal, writeTo } from "./raw-terminal.ts";
import { parseSeconds } from "./seconds.ts";
import { directories, stoppedStatus, stopSignal } from "./setting.ts";
import { endedEarly, untilReady } from "./until-ready.ts";

/** Builds a VM and runs it in the foreground. */
export const runCommand: Command = {
  name: "run",
  usage: "run [PROJECT[#NAME]] [--exec COMMAND]",
  summary: "Build a VM and run it in the foreground",
  help: `Builds a VM of a project and boots it in the foreground; nothing is installed on the host.

Without --exec its console is attached to the terminal until the guest powers off; Ctrl-] three times in a row
powers it off and leaves. When standard input is no terminal the console is printed, and SIGINT or SIGTERM power
the guest off.

Usage: microvm run [PROJECT[#NAME]] [options]

Options:
  -e, --exec COMMAND     Run COMMAND in the guest once it is up, print its output, power the guest off, and exit
                         with the command's exit status
      --timeout SECONDS  How long the guest may take for each stage of its start, with --exec; the
                         default is "microvm.readiness.timeout"
      --verbose          With --exec: print the console as well, to standard error
  -q, --quiet            Print no progress of the build, only warnings and errors
  -h, --help             Show this

"microvm.readiness.stage" says when a guest counts as up.

Examples:
  microvm run examples/my-microvm
  microvm run .#web --exec 'systemctl is-system-running --wait'
  microvm run --exec 'journalctl -b' --timeout 300
`,
  needsRoot: true,
  async run(args) {
    const { reference, values } = parseCommand("run", args, {
      exec: { type: "string", short: "e" },
      timeout: { type: "string" },
      verbose: { type: "boolean", default: false },
      ...QUIET_OPTION,
    });
    const timeout = parseSeconds("run", "timeout", values.timeout);
    const project = findProjectFile(reference);
    const { store, state } = directories();
    const signal = stopSignal();
    // A guest needs its layers as long as it runs.
    await using roots = openTemporaryRoots(store);
    roots.begin();
    const { quiet } = values;
    const { runner, vm } = await buildWithProgress({ project, storeDirectory: store, signal, quiet, roots });
    const directory = join(state, FOREGROUND_DIRECTORY, vmDirectoryName(vm.name, project.directory));
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    await using lock = await lockFile(join(directory, vmNames.lock), { wait: false });
    if (!lock) {
      throw new MicrovmError("state-busy", `"${vm.name}" of this project runs already`, {
        hint: "Stop it first, or set MICROVM_STATE_DIR to run another one beside it",
      });
    }
    signal.throwIfAborted();
    const machine = await startMachine(runner, directory);
    if (values.exec === undefined) return await attach(machine, signal);
    if (values.verbose) machine.onConsole((chunk) => process.stderr.write(chunk));
    const time = timeout ?? machine.facts.readiness.timeout;
    return await execute(machine, values.exec, time, signal);
  },
};

/** One directory for each VM of each project, so that volumes are found again. */
function vmDirectoryName(name: string, projectDirectory: string): string {
  return `${name}-${createHash("sha256").update(projectDirectory).digest("hex").slice(0, 12)}`;
}

/** Runs a command in the guest once it is up. */
async function execute(
  machine: MachineProcess,
  command: string,
  timeout: number,
  signal: AbortSignal,
): Promise<number> {
  try {
    using agent = await untilReady(machine, timeout, signal);
    const output = { stdout: writeTo(process.stdout), stderr: writeTo(process.stderr) };
    const code = await Promise.race([
      agent.exec(["/bin/sh", "-c", command], output, { signal }),
      machine.exited.then(() => undefined),
      aborted(signal),
    ]);
    if (code === undefined) throw endedEarly(machine, "while the command ran");
    await powerOff(machine, agent);
    return code;
  } catch (error) {
    // A person who stops the command does not mean to pull the guest's plug.
    if (signal.aborted) await powerOff(machine, undefined);
    throw error;
  } finally {
    machine.kill();
    await machine.exited;
  }
}

/** The console on this terminal, or on standard output, until the guest has powered off. */
async function attach(machine: MachineProcess, signal: AbortSignal): Promise<number> {
  machine.onConsole((chunk) => process.stdout.write(chunk));
  const leave = new AbortController();
  if (process.stdin.isTTY) {
    process.stderr.write("The console of the guest; Ctrl-] three times powers it off and leaves.\n");
  }
  using _terminal = lendTerminal(machine.writeConsole, () => leave.abort());
  try {
    const stopped = Promise.race([aborted(signal), aborted(leave.signal)]).catch(() => "stop" as const);
    const first = await Promise.race([machine.exited, stopped]);
    if (first !== "stop") return first;
    await powerOff(machine, undefined);
    return stoppedStatus() ?? 0;
  } finally {
    machine.kill();
    await machine.exited;
  }
}

/** Powers the guest off, by its agent when there is one, and waits for its end; it is ended when it takes too long. */
async function powerOff(machine: MachineProcess, agent: GuestAgent | undefined): Promise<void> {
  if (agent) await agent.shutdown();
  else await powerOffAlone(machine);
  const { shutdownTimeout } = machine.facts;
  const late = delay(shutdownTimeout * 1000, false, { ref: false });
  if (await Promise.race([machine.exited.then(() => true), late])) return;
  printWarning(`the guest did not power off within ${shutdownTimeout} seconds and was ended`);
}

/** The agent is asked when it answers at once; a guest that is not that far, or has none, gets its power button pressed. */
async function powerOffAlone(machine: MachineProcess): Promise<void> {
  try {
    if (machine.facts.agentSocket === undefined) throw new Error("no agent");
    using agent = await waitForAgent(machine.facts.agentSocket, AbortSignal.timeout(2000));
    await agent.shutdown();
  } catch {
    machine.pressPowerButton();
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason));
  });
}
