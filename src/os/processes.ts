/** Programs that this one starts. Commands are arrays; nothing is joined for a shell. */
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { MicrovmError, messageOf } from "../errors.ts";

export { type ChildProcess, spawn } from "node:child_process";

interface RunOptions {
  readonly cwd?: string;
  /** The whole environment of the program; default: this process's own. */
  readonly env?: Readonly<Record<string, string>>;
  /** Written to the program's standard input, which is then closed. */
  readonly input?: string | Uint8Array;
  /** Takes each piece of output as it comes, standard error's too; neither the result nor an error has it then. */
  readonly onOutput?: (chunk: Buffer) => void;
  /** Takes what the program writes to file descriptor 3, which is closed to it otherwise. */
  readonly onStatus?: (chunk: Buffer) => void;
  /** Kills the program when this one ends, however it ends: for those that write where the next run cleans up. */
  readonly endsWithUs?: boolean;
  /** Kills the program when it is given; the promise is then rejected with its reason, once the program is gone. */
  readonly signal?: AbortSignal;
}

interface RunResult {
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  /** Exit status; 128 + signal number when a signal ended the program, as a shell counts. */
  readonly code: number;
}

/** How many of a failed command's last output lines its error shows. */
const SHOWN_LINES = 20;

/** Runs a program to its end, whatever its exit status. A program that cannot be started is an error. */
export function runToEnd(command: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const before = options.endsWithUs ? ["setpriv", "--pdeathsig", "KILL", "--"] : [];
  const [program, ...args] = [...before, ...command] as [string, ...string[]];
  const spawnOptions: SpawnOptions = {
    stdio: [
      options.input === undefined ? "ignore" : "pipe",
      ...["pipe" as const, "pipe" as const],
      ...(options.onStatus ? ["pipe" as const] : []),
    ],
    ...(options.cwd !== undefined && { cwd: options.cwd }),
    ...(options.env && { env: options.env }),
    // Some programs outlive a request to end: util-linux's unshare does, with all that runs below it.
    ...(options.signal && { signal: options.signal, killSignal: "SIGKILL" }),
  };
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, spawnOptions);
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    const take = (into: Buffer[]) => options.onOutput ?? ((chunk: Buffer) => into.push(chunk));
    child.stdout?.on("data", take(stdout));
    child.stderr?.on("data", take(stderr));
    if (options.onStatus) child.stdio[3]?.on("data", options.onStatus);
    child.on("error", (error) => {
      if (child.pid === undefined) reject(cannotStart(program, error));
    });
    child.on("close", (code, signal) => {
      if (options.signal?.aborted) reject(options.signal.reason);
      resolve({
        stdout: Buffer.concat(stdout),
        stderr: Buffer.concat(stderr),
        code: exitStatus(code, signal),
      });
    });
    // A program that does not read its input to the end is free to do so.
    child.stdin?.on("error", () => {});
    child.stdin?.end(options.input);
  });
}

/** Runs a program and returns its standard output; a non-zero exit is an error with the command ready to paste. */
export async function run(command: readonly string[], options: RunOptions = {}): Promise<Buffer> {
  const result = await runToEnd(command, options);
  if (result.code === 0) return result.stdout;
  const output = Buffer.concat([result.stdout, result.stderr]).toString().trimEnd();
  throw new MicrovmError(
    "command-failed",
    `Command failed with exit status ${result.code}: ${quoteCommand(command)}${output && `\n${lastLines(output, SHOWN_LINES)}`}`,
  );
}

/** Exit status of an ended child as a shell would report it. */
export function exitStatus(code: number | null, signal: NodeJS.Signals | null): number {
  if (code !== null) return code;
  return 128 + (signal ? (SIGNAL_NUMBERS[signal] ?? 0) : 0);
}

/** Linux's numbers, signal(7). */
const SIGNAL_NUMBERS: Partial<Record<NodeJS.Signals, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGPIPE: 13,
  SIGTERM: 15,
};

/**
 * Quotes one word for a POSIX shell. The only quoting function of the program: every generated script
 * and every command shown to a person goes through it.
 */
export function quoteWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A command as a line to paste into a shell. */
export function quoteCommand(command: readonly string[]): string {
  return command.map(quoteWord).join(" ");
}

/** The last lines of a text. */
export function lastLines(text: string, count: number): string {
  return text.split("\n").slice(-count).join("\n");
}

/** The child's end: its exit status as a shell counts. */
export function ended(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    if (child.exitCode !== null || child.signalCode !== null) {
      resolve(exitStatus(child.exitCode, child.signalCode));
      return;
    }
    child.once("error", (error) => reject(cannotStart(child.spawnfile, error)));
    child.once("close", (code, signal) => resolve(exitStatus(code, signal)));
  });
}

function cannotStart(program: string, error: unknown): MicrovmError {
  return new MicrovmError("tool-missing", `Cannot start "${program}": ${messageOf(error)}`, {
    hint: `Install the package of this machine that contains "${program}"`,
    cause: error,
  });
}
