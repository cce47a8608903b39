/** `microvm run`. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { ProjectLocation } from "../config/index.ts";
import { type GuestAgent, waitForAgent } from "../control/guest-agent.ts";
import { type MachineProcess, startMachine } from "../control/machine-process.ts";
import { consoleLines, keyFilter } from "../control/terminal.ts";
import { MicrovmError } from "../errors.ts";
import { mkdirSync } from "../os/files.ts";
import { lockFile } from "../os/locks.ts";
import { FOREGROUND_DIRECTORY, vmNames } from "../paths.ts";
import { openTemporaryRoots } from "../store/temporary-roots.ts";
import { buildWithProgress, QUIET_OPTION } from "./build-with-progress.ts";
import { type Command, parseCommand } from "./command.ts";
import { printWarning } from "./output.ts";
import { findProjectFor } from "./project.ts";
import { directories, stoppedStatus, stopSignal } from "./setting.ts";

/** Seconds that a guest has to come up: microvm.nix's `startupTimeout`. */
const STARTUP_TIMEOUT = 150;

/** Milliseconds that a guest has to power off before it is ended. */
const SHUTDOWN_TIME = 30_000;

/** How many lines of the console an error shows. */
const SHOWN_LINES = 20;

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
      --timeout SECONDS  How long the guest may take to come up (default ${STARTUP_TIMEOUT}; only with --exec)
      --verbose          With --exec: print the console as well, to standard error
  -q, --quiet            Print no progress of the build, only warnings and errors
  -h, --help             Show this

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
    const timeout = parseTimeout(values.timeout);
    const { store, state } = directories();
    const signal = stopSignal();
    // A guest needs its layers as long as it runs.
    await using roots = openTemporaryRoots(store);
    const { quiet } = values;
    const project = await findProjectFor(reference, { storeDirectory: store, signal, roots, quiet });
    roots.begin();
    const { runner, vm } = await buildWithProgress({ project, storeDirectory: store, signal, quiet, roots });
    const directory = join(state, FOREGROUND_DIRECTORY, vmDirectoryName(vm.name, project));
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
    return await execute(machine, values.exec, timeout, signal);
  },
};

function parseTimeout(text: string | undefined): number {
  if (text === undefined) return STARTUP_TIMEOUT;
  const seconds = Number(text);
  if (Number.isFinite(seconds) && seconds > 0) return seconds;
  throw new MicrovmError("bad-usage", `"--timeout" is "${text}": it must be a number of seconds above zero`, {
    hint: 'See "microvm run --help"',
  });
}

/** One directory for each VM of each project, so that volumes are found again, whatever commit was fetched. */
function vmDirectoryName(name: string, { directory, fetched }: ProjectLocation): string {
  return `${name}-${createHash("sha256")
    .update(fetched?.reference ?? directory)
    .digest("hex")
    .slice(0, 12)}`;
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
    const output = {
      stdout: (chunk: Buffer) => process.stdout.write(chunk),
      stderr: (chunk: Buffer) => process.stderr.write(chunk),
    };
    const code = await Promise.race([
      agent.exec(["/bin/sh", "-c", command], output, signal),
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

/** The guest's agent, once it answers. */
async function untilReady(
  machine: MachineProcess,
  timeout: number,
  signal: AbortSignal,
): Promise<GuestAgent> {
  if (machine.agentSocket === undefined) {
    throw new MicrovmError("guest-failed", "The guest has no agent to run the command", {
      hint: 'Set "services.qemuGuest.enable" to true',
    });
  }
  const waiting = new AbortController();
  const timer = setTimeout(() => waiting.abort(tooSlow(machine, timeout)), timeout * 1000);
  const stop = () => waiting.abort(signal.reason);
  signal.addEventListener("abort", stop);
  machine.exited.then(
    () => waiting.abort(endedEarly(machine, "before it was up")),
    (error) => waiting.abort(error),
  );
  try {
    return await waitForAgent(machine.agentSocket, waiting.signal);
  } catch (error) {
    throw waiting.signal.aborted ? waiting.signal.reason : error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}

function tooSlow(machine: MachineProcess, timeout: number): MicrovmError {
  return new MicrovmError(
    "boot-timeout",
    `The guest did not come up within ${timeout} seconds${tail(machine)}`,
    {
      hint: 'Give it longer with "--timeout SECONDS", or see what its console says with "--verbose"',
    },
  );
}

function endedEarly(machine: MachineProcess, when: string): MicrovmError {
  return new MicrovmError("guest-failed", `The guest ended ${when}${tail(machine)}`, {
    hint: "The lines above are the last of its console",
  });
}

function tail(machine: MachineProcess): string {
  const lines = consoleLines(machine.consoleTail(), SHOWN_LINES);
  return lines === "" ? "; its console printed nothing" : `; its console's last lines:\n${lines}`;
}

/** The console on this terminal, or on standard output, until the guest has powered off. */
export async function attach(machine: MachineProcess, signal: AbortSignal): Promise<number> {
  machine.onConsole((chunk) => process.stdout.write(chunk));
  const leave = new AbortController();
  const { stdin } = process;
  if (stdin.isTTY) {
    process.stderr.write("The console of the guest; Ctrl-] three times powers it off and leaves.\n");
    stdin.setRawMode(true);
    stdin.on(
      "data",
      keyFilter(machine.writeConsole, () => leave.abort()),
    );
  }
  try {
    const stopped = Promise.race([aborted(signal), aborted(leave.signal)]).catch(() => "stop" as const);
    const first = await Promise.race([machine.exited, stopped]);
    if (first !== "stop") return first;
    await powerOff(machine, undefined);
    return stoppedStatus() ?? 0;
  } finally {
    if (stdin.isTTY) stdin.setRawMode(false);
    stdin.pause();
    machine.kill();
    await machine.exited;
  }
}

/** Powers the guest off, by its agent when there is one, and waits for its end; it is ended when it takes too long. */
async function powerOff(machine: MachineProcess, agent: GuestAgent | undefined): Promise<void> {
  if (agent) agent.shutdown();
  else await powerOffAlone(machine);
  if (await Promise.race([machine.exited.then(() => true), delay(SHUTDOWN_TIME, false, { ref: false })]))
    return;
  printWarning(`the guest did not power off within ${SHUTDOWN_TIME / 1000} seconds and was ended`);
}

/** The agent is asked when it answers at once; a guest that is not that far, or has none, gets its power button pressed. */
async function powerOffAlone(machine: MachineProcess): Promise<void> {
  try {
    if (machine.agentSocket === undefined) throw new Error("no agent");
    using agent = await waitForAgent(machine.agentSocket, AbortSignal.timeout(2000));
    agent.shutdown();
    await delay(100);
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
