/** A directory of one benchmark's own, and the commands that run in it. Both are gone afterwards, however it ends. */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { mkdtempSync, removeTree } from "../src/os/files.ts";
import { ended, lastLines, quoteCommand, spawn } from "../src/os/processes.ts";
import { watchMemory } from "./memory.ts";

/** Where a benchmark works. */
export interface Workspace extends AsyncDisposable {
  readonly directory: string;
  /** Given when the person asks to stop. */
  readonly signal: AbortSignal;
  /** Runs a command to its end; one that fails is an error with the end of its output. */
  run(command: readonly string[], options?: RunOptions): Promise<Ran>;
}

/** How a command is run. */
export interface RunOptions {
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** What tells the command to end; one that does not obey in five seconds is killed. Default: SIGTERM. */
  readonly stopBy?: "SIGTERM" | "SIGKILL";
  /** Whether its memory is looked at, which costs it some time. */
  readonly memory?: boolean;
}

/** A command that has ended well. */
export interface Ran {
  readonly seconds: number;
  readonly stdout: string;
  /** The largest sum of its processes' resident memory that was seen; undefined when it was not looked at. */
  readonly mebibytes?: number;
}

/** How long a command has to obey, in milliseconds. */
const PATIENCE = 5000;

/** How many lines of a failed command's output its error shows. */
const SHOWN_LINES = 20;

/** A new workspace, which ends with the signal. */
export function openWorkspace(signal: AbortSignal): Workspace {
  const directory = mkdtempSync(join(tmpdir(), "microvm-bench-"));
  return {
    directory,
    signal,
    run: (command, options = {}) => run(command, options, signal),
    [Symbol.asyncDispose]: () => removeTree(directory),
  };
}

async function run(
  command: readonly string[],
  { env = {}, stopBy = "SIGTERM", memory = false }: RunOptions,
  signal: AbortSignal,
): Promise<Ran> {
  signal.throwIfAborted();
  const [program, ...args] = command as [string, ...string[]];
  const start = performance.now();
  const child = spawn(program, args, {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const stdout: Buffer[] = [];
  const all: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk) && all.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => all.push(chunk));
  const end = ended(child);
  const watched = memory ? watchMemory(child.pid!) : undefined;
  const stop = async () => {
    child.kill(stopBy);
    await delay(PATIENCE, undefined, { ref: false });
    child.kill("SIGKILL");
  };
  signal.addEventListener("abort", stop);
  const code = await end.finally(() => {
    signal.removeEventListener("abort", stop);
    watched?.stop();
  });
  const seconds = (performance.now() - start) / 1000;
  // What it had made is removed only now that it is gone.
  signal.throwIfAborted();
  if (code !== 0) {
    const output = lastLines(Buffer.concat(all).toString().trimEnd(), SHOWN_LINES);
    throw new Error(`Exit status ${code}: ${quoteCommand(command)}\n${output}`);
  }
  return {
    seconds,
    stdout: Buffer.concat(stdout).toString(),
    ...(watched && { mebibytes: watched.mebibytes() }),
  };
}
