/**
 * A VM in the foreground: its runner's programs as children of this process, in a directory of its own. The
 * children are told to end when this process dies, however it dies.
 */
import { EventEmitter } from "node:events";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { MicrovmError } from "../errors.ts";
import {
  createWriteStream,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from "../os/files.ts";
import { type ChildProcess, ended, spawn } from "../os/processes.ts";
import { runnerNames, vmNames } from "../paths.ts";
import { factsOf, type VmFacts } from "./find-vm.ts";
import { setUpInterfaces } from "./host-interfaces.ts";

/** What a running VM gives. */
export interface MachineProcess {
  /** Everything that the console printed lately: at most `KEPT_CONSOLE` bytes. */
  consoleTail(): string;
  /** Calls back with each piece of console output. */
  onConsole(listener: (chunk: Buffer) => void): void;
  /** Keys for the console. */
  writeConsole(keys: Uint8Array): void;
  /** Exit status of the hypervisor, once it has ended and everything of the VM with it. */
  readonly exited: Promise<number>;
  /** When its parts were started, by `performance.now()`: helpers are those that serve its shares. */
  readonly started: { readonly helpers: number | undefined; readonly hypervisor: number };
  /** Its sockets, and how long things may take. */
  readonly facts: VmFacts;
  /** Asks the guest to power off, by its agent, then by its power button; ends it when it takes too long. */
  powerOff(): void;
  /** Ends the hypervisor at once. */
  kill(): void;
}

/** How much console output is kept for messages, in bytes. */
const KEPT_CONSOLE = 64 * 1024;

/** How long a virtiofsd may take to listen, in milliseconds. */
const SHARE_TIME = 10_000;

/** Starts a runner in a directory. The caller holds the directory's lock. */
export async function startMachine(runner: string, directory: string): Promise<MachineProcess> {
  const sockets = shareSockets(runner).map((name) => join(directory, name));
  const facts = factsOf(runner, directory);
  const { agentSocket, readinessSocket, controlSocket, consoleSocket } = facts;
  const booted = join(directory, vmNames.booted);
  const others = [agentSocket, readinessSocket, controlSocket, consoleSocket, booted];
  for (const path of [...sockets, ...others]) if (path !== undefined) rmSync(path, { force: true });
  const removeInterfaces = await setUpInterfaces(runner);
  const helpersStart = sockets.length > 0 ? performance.now() : undefined;
  const helpers = sockets.length > 0 ? startChild(join(runner, runnerNames.virtiofsd), directory) : undefined;
  try {
    if (helpers) await waitForShares(helpers, sockets);
  } catch (error) {
    await removeInterfaces();
    throw error;
  }
  symlinkSync(runner, booted);
  const started = { helpers: helpersStart, hypervisor: performance.now() };
  const hypervisor = startChild(join(runner, runnerNames.run), directory);
  const console = keepConsole(hypervisor, join(directory, vmNames.consoleLog));
  return {
    ...console,
    started,
    writeConsole: (keys) => hypervisor.stdin?.write(keys),
    exited: ended(hypervisor).finally(async () => {
      rmSync(booted, { force: true });
      await endHelpers(helpers);
      await removeInterfaces();
    }),
    facts,
    powerOff: () => void startChild(join(runner, runnerNames.shutdown), directory),
    kill: () => hypervisor.kill("SIGKILL"),
  };
}

/** A program of the runner, away from the terminal's signals, ended by the kernel when this process is gone. */
function startChild(program: string, directory: string): ChildProcess {
  const child = spawn("setpriv", ["--pdeathsig", "TERM", "--", program], {
    cwd: directory,
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.on("error", () => {});
  child.stdin.on("error", () => {});
  return child;
}

async function waitForShares(helpers: ChildProcess, sockets: readonly string[]): Promise<void> {
  let output = "";
  helpers.stderr?.on("data", (chunk: Buffer) => {
    output = (output + chunk).slice(-4096);
  });
  helpers.stdout?.resume();
  const deadline = Date.now() + SHARE_TIME;
  while (!sockets.every((socket) => existsSync(socket))) {
    if (helpers.exitCode !== null || helpers.signalCode !== null || Date.now() > deadline) {
      helpers.kill("SIGTERM");
      throw new MicrovmError(
        "guest-failed",
        `The VM's shares did not start: ${output.trim() || "no reason was given"}`,
        {
          hint: "Check that the shares' sources exist and that this user may read them",
        },
      );
    }
    await delay(5);
  }
}

/** A virtiofsd ends when its VM does; one that does not is told to. */
async function endHelpers(helpers: ChildProcess | undefined): Promise<void> {
  if (!helpers) return;
  const gone = ended(helpers).then(() => true);
  if (await Promise.race([gone, delay(1000, false, { ref: false })])) return;
  helpers.kill("SIGTERM");
  if (await Promise.race([gone, delay(2000, false, { ref: false })])) return;
  helpers.kill("SIGKILL");
  await gone;
}

function keepConsole(hypervisor: ChildProcess, logFile: string) {
  const events = new EventEmitter();
  // A user who may write in the directory could have put a link there.
  rmSync(logFile, { force: true });
  const log = createWriteStream(logFile, { mode: 0o600, flags: "wx" });
  log.on("error", () => {});
  let kept: Buffer[] = [];
  let length = 0;
  const take = (chunk: Buffer) => {
    log.write(chunk);
    kept.push(chunk);
    length += chunk.length;
    while (kept.length > 1 && length - kept[0]!.length > KEPT_CONSOLE) length -= kept.shift()!.length;
    events.emit("console", chunk);
  };
  hypervisor.stdout?.on("data", take);
  // What the hypervisor itself has to say belongs with it.
  hypervisor.stderr?.on("data", take);
  hypervisor.on("close", () => {
    log.end();
    kept = [Buffer.concat(kept)];
  });
  return {
    consoleTail: () => Buffer.concat(kept).toString(),
    onConsole: (listener: (chunk: Buffer) => void) => void events.on("console", listener),
  };
}

/** Names of the sockets of a runner's shares. */
function shareSockets(runner: string): string[] {
  const directory = join(runner, runnerNames.virtiofs);
  if (!existsSync(directory)) return [];
  return readdirSync(directory).map((tag) => readFileSync(join(directory, tag, "socket"), "utf8").trim());
}
