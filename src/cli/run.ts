/** `microvm run`. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { ProjectLocation } from "../config/index.ts";
import type { GuestAgent } from "../control/guest-agent.ts";
import { type MachineProcess, startMachine } from "../control/machine-process.ts";
import { MicrovmError } from "../errors.ts";
import { mkdirSync } from "../os/files.ts";
import { lockFile } from "../os/locks.ts";
import { FOREGROUND_DIRECTORY, vmNames } from "../paths.ts";
import { openTemporaryRoots } from "../store/temporary-roots.ts";
import { buildWithProgress, QUIET_OPTION } from "./build-with-progress.ts";
import { type Command, parseCommand } from "./command.ts";
import { printWarning } from "./output.ts";
import { findProjectFor } from "./project.ts";
import { lendTerminal, writeTo } from "./raw-terminal.ts";
import { analyzeBoot, checkAnalysis, watchHost } from "./run-analysis.ts";
import { parseSeconds } from "./seconds.ts";
import { directories, stoppedStatus, stopSignal } from "./setting.ts";
import { endedEarly, untilReady } from "./until-ready.ts";

/** Builds a VM and runs it in the foreground. */
export const runCommand: Command = {
  name: "run",
  usage: "run [PROJECT[#NAME]] [--exec COMMAND | --analyze FILE]",
  summary: "Build a VM and run it in the foreground",
  help: `Builds a VM of a project and boots it in the foreground; nothing is installed on the host.

Without --exec its console is attached to the terminal until the guest powers off; Ctrl-] three times in a row
powers it off and leaves. When standard input is no terminal the console is printed, and SIGINT or SIGTERM power
the guest off.

Usage: microvm run [PROJECT[#NAME]] [options]

Options:
  -e, --exec COMMAND     Run COMMAND in the guest once it is up, print its output, power the guest off, and exit
                         with the command's exit status
      --analyze FILE     Boot the guest, write a picture (SVG) of where the time went to FILE, print the same as text,
                         and power the guest off
      --json             With --analyze: print it as JSON
      --timeout SECONDS  How long the guest may take for each stage of its start, with --exec and --analyze; the
                         default is "microvm.readiness.timeout"
      --verbose          With --exec and --analyze: print the console as well, to standard error
  -q, --quiet            Print no progress of the build, only warnings and errors
  -h, --help             Show this

"microvm.readiness.stage" says when a guest counts as up.

Examples:
  microvm run examples/my-microvm
  microvm run .#web --exec 'systemctl is-system-running --wait'
  microvm run --exec 'journalctl -b' --timeout 300
  microvm run .#web --analyze boot.svg
`,
  needsRoot: true,
  async run(args) {
    const { reference, values } = parseCommand("run", args, {
      exec: { type: "string", short: "e" },
      analyze: { type: "string" },
      json: { type: "boolean", default: false },
      timeout: { type: "string" },
      verbose: { type: "boolean", default: false },
      ...QUIET_OPTION,
    });
    const timeout = parseSeconds("run", "timeout", values.timeout);
    checkAnalysis(values);
    const times = watchHost();
    const { store, state } = directories();
    const signal = stopSignal();
    // A guest needs its layers as long as it runs.
    await using roots = openTemporaryRoots(store);
    const { quiet } = values;
    const project = await findProjectFor(reference, { storeDirectory: store, signal, roots, quiet });
    const { runner, vm } = await buildWithProgress({
      ...{ project, storeDirectory: store, signal, quiet, roots },
      onPlanned: () => times.end("evaluate and plan"),
    });
    times.end("build");
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
    const { exec, analyze } = values;
    if (exec === undefined && analyze === undefined) return await attach(machine, signal);
    if (values.verbose) machine.onConsole((chunk) => process.stderr.write(chunk));
    const work: Work =
      analyze === undefined
        ? (agent) => agent.exec(["/bin/sh", "-c", exec!], OWN_OUTPUT, { signal })
        : (agent) => analyzeBoot(agent, vm.name, times.host(machine), { ...values, file: analyze }, signal);
    return await execute(machine, work, timeout ?? machine.facts.readiness.timeout, signal);
  },
};

/** One directory for each VM of each project, so that volumes are found again, whatever commit was fetched. */
function vmDirectoryName(name: string, { directory, fetched }: ProjectLocation): string {
  return `${name}-${createHash("sha256")
    .update(fetched?.reference ?? directory)
    .digest("hex")
    .slice(0, 12)}`;
}

/** What is done with a guest that is up; gives the exit status. */
type Work = (agent: GuestAgent) => Promise<number>;

/** What a command in the guest prints, this program prints. */
const OWN_OUTPUT = { stdout: writeTo(process.stdout), stderr: writeTo(process.stderr) };

/** Does the work once the guest is up, and powers it off. */
async function execute(
  machine: MachineProcess,
  work: Work,
  timeout: number,
  signal: AbortSignal,
): Promise<number> {
  try {
    using agent = await untilReady(machine, timeout, signal);
    const code = await Promise.race([work(agent), machine.exited.then(() => undefined), aborted(signal)]);
    if (code === undefined) throw endedEarly(machine, "while the command ran");
    await powerOff(machine);
    return code;
  } catch (error) {
    // A person who stops the command does not mean to pull the guest's plug.
    if (signal.aborted) await powerOff(machine);
    throw error;
  } finally {
    machine.kill();
    await machine.exited;
  }
}

/** The console on this terminal, or on standard output, until the guest has powered off. */
export async function attach(machine: MachineProcess, signal: AbortSignal): Promise<number> {
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
    await powerOff(machine);
    return stoppedStatus() ?? 0;
  } finally {
    machine.kill();
    await machine.exited;
  }
}

/** Powers the guest off and waits for its end; it is ended when it takes too long. */
async function powerOff(machine: MachineProcess): Promise<void> {
  machine.powerOff();
  const { shutdownTimeout } = machine.facts;
  const late = delay(shutdownTimeout * 1000, false, { ref: false });
  if (await Promise.race([machine.exited.then(() => true), late])) return;
  printWarning(`the guest did not power off within ${shutdownTimeout} seconds and was ended`);
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason));
  });
}
