/**
 * A command in a guest, by its agent: started as a script (`exec-script.ts`), its outputs fetched while it runs, its
 * input brought to it. The agent knows files and processes and no streams, so the outputs are files of the guest.
 */
import { randomUUID } from "node:crypto";
import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { MicrovmError } from "../errors.ts";
import type { AgentChannel } from "./agent-channel.ts";
import { isObject } from "./agent-connection.ts";
import { EXEC_DIRECTORY, EXEC_SCRIPT, LEAVE_SCRIPT, RESIZE_SCRIPT, SIGNAL_SCRIPT } from "./exec-script.ts";
import { closeFile, openFile, readPiece, tryOpenFile } from "./guest-files.ts";
import { sendInput } from "./guest-input.ts";
import { type GuestOutput, outputOf } from "./guest-output.ts";
import { newPace, type Pace } from "./pace.ts";
import { type TerminalSize, terminalCommand } from "./terminal.ts";

/** Takes what a command in the guest prints, as it comes. A promise is waited for before more is fetched. */
export interface ExecOutput {
  stdout(chunk: Buffer): void | Promise<void>;
  stderr(chunk: Buffer): void | Promise<void>;
}

/** How a command is run. */
export interface ExecOptions {
  /** Gives up with its reason. The command is left to itself. */
  readonly signal?: AbortSignal | undefined;
  /** Name or number; default root. */
  readonly user?: string | undefined;
  /** Working directory; default: the user's home, or `/` where there is none. */
  readonly directory?: string | undefined;
  /** More variables. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /** What the command reads; without it, nothing. */
  readonly input?: Readable | undefined;
  /** Gives the command a terminal of this size. Both its outputs are `stdout` then. */
  readonly terminal?: TerminalSize | undefined;
}

/** A running command. */
export interface GuestCommand {
  /** Its exit status, as a shell counts, once it has ended and all its output was handed on. */
  readonly ended: Promise<number>;
  /** Sends it, and all that it started, a signal, such as `TERM`. */
  kill(signal: string): Promise<void>;
  /** Tells its terminal a new size. */
  resize(size: TerminalSize): Promise<void>;
}

/** How long a script that prepares or cleans up may take, in milliseconds. */
const SCRIPT_TIME = 30_000;

/** Between two looks at a script that prepares or cleans up, in milliseconds. */
const SCRIPT_PAUSE = 10;

/**
 * Without output for so long, and ended itself, a command is left to the others that hold its outputs: milliseconds. A
 * busy guest may take its time to hand on what was printed last.
 */
const QUIET_TIME = 2000;

/** Starts a program in the guest. Errors: `guest-failed`. */
export async function startCommand(
  channel: AgentChannel,
  command: readonly string[],
  output: ExecOutput,
  options: ExecOptions = {},
): Promise<GuestCommand> {
  const base = `${EXEC_DIRECTORY}/${randomUUID()}`;
  const looking = newPace();
  const outputs = await openOutputs(channel, base, output, options);
  const acknowledged = options.input && (await openFile(channel, `${base}.ack`, "w+"));
  const pid = await startScript(channel, [
    "-c",
    EXEC_SCRIPT,
    "sh",
    base,
    ...scriptArguments(command, options),
  ]);
  const running = new AbortController();
  const feeding = options.input
    ? sendInput(channel, base, options.input, acknowledged!, { signal: running.signal, sent: looking.soon })
    : undefined;
  const following = follow(channel, { base, pid, outputs, looking }, options.signal, output);
  // What the input fails of fails the command, too.
  const ended = Promise.race([following, ...(feeding ? [feeding.then(() => following)] : [])]);
  const script = (text: string, ...words: string[]) =>
    startScript(channel, ["-c", text, "sh", base, ...words]);
  return {
    ended: ended.finally(() => running.abort()),
    kill: async (signal) => void (await script(SIGNAL_SCRIPT, signal)),
    resize: async ({ rows, columns }) => void (await script(RESIZE_SCRIPT, `${rows}`, `${columns}`)),
  };
}

async function openOutputs(
  channel: AgentChannel,
  base: string,
  output: ExecOutput,
  { terminal }: ExecOptions,
): Promise<GuestOutput[]> {
  let first = await tryOpenFile(channel, `${base}.out.0`, "w+");
  if (first === undefined) {
    await makeDirectory(channel);
    first = await openFile(channel, `${base}.out.0`, "w+");
  }
  const out = outputOf(channel, `${base}.out`, first, output.stdout);
  if (terminal) return [out];
  const second = await openFile(channel, `${base}.err.0`, "w+");
  return [out, outputOf(channel, `${base}.err`, second, output.stderr)];
}

/** Once after each start of the guest. */
async function makeDirectory(channel: AgentChannel): Promise<void> {
  await runScript(channel, ["-c", 'mkdir -p -m 0700 "$1"', "sh", EXEC_DIRECTORY]);
}

/** Runs a script to its end, for a time at most. */
async function runScript(channel: AgentChannel, arg: readonly string[]): Promise<void> {
  const pid = await startScript(channel, arg);
  for (const begun = Date.now(); Date.now() - begun < SCRIPT_TIME; await delay(SCRIPT_PAUSE)) {
    if ((await statusOf(channel, pid)).exited !== false) return;
  }
}

function scriptArguments(command: readonly string[], options: ExecOptions): string[] {
  const variables = Object.entries(options.environment ?? {}).map(([name, value]) => `${name}=${value}`);
  const { user = "root", directory = "", input, terminal } = options;
  const mode = terminal ? "tty" : input ? "input" : "output";
  const words = terminal ? [terminalCommand(command, terminal)] : command;
  return [user, directory, mode, String(variables.length), ...variables, ...words];
}

async function startScript(channel: AgentChannel, arg: readonly string[]): Promise<number> {
  const answer = await channel.ask("guest-exec", { path: "/bin/sh", arg, "capture-output": true });
  if (isObject(answer) && Number.isSafeInteger(answer.pid)) return answer.pid as number;
  throw new MicrovmError("guest-failed", `The guest's agent cannot do "guest-exec": it names no process`, {
    hint: "See the guest's console for what happened to it",
  });
}

async function statusOf(channel: AgentChannel, pid: number): Promise<Record<string, unknown>> {
  const status = await channel.ask("guest-exec-status", { pid });
  return isObject(status) ? status : {};
}

interface Followed {
  readonly base: string;
  readonly pid: number;
  readonly outputs: readonly GuestOutput[];
  readonly looking: Pace;
}

/** Looks at a command until it has ended and everything that it printed was handed on. */
async function follow(
  channel: AgentChannel,
  { base, pid, outputs, looking }: Followed,
  signal: AbortSignal | undefined,
  output: ExecOutput,
): Promise<number> {
  for (let since = Date.now(); ; ) {
    await looking.next(signal);
    // Asked first: after its end everything is in the files.
    const status = await statusOf(channel, pid);
    let isNew = false;
    for (const one of outputs) isNew = (await one.fetch()) || isNew;
    if (isNew || outputs.some((one) => one.awaitsMore())) since = Date.now();
    if (isNew) looking.soon();
    const isQuiet = Date.now() - since > QUIET_TIME;
    // An agent that knows nothing of the process has been restarted.
    const code =
      status.exited !== false ? exitStatusOf(status) : isQuiet ? await endedBehind(channel, base) : undefined;
    if (code === undefined) continue;
    // Found by its written status, it may have printed since its outputs were read.
    if (status.exited === false) for (const one of outputs) await one.fetch();
    for (const one of outputs) await one.close();
    if (status.exited === false) await runScript(channel, ["-c", LEAVE_SCRIPT, "sh", base, String(pid)]);
    else await tellFaults(status, output);
    return code;
  }
}

/** Exit status of a command that has ended while others, such as a daemon that it started, hold its outputs. */
async function endedBehind(channel: AgentChannel, base: string): Promise<number | undefined> {
  const handle = await tryOpenFile(channel, `${base}.code`, "r");
  if (handle === undefined) return undefined;
  const text = (await readPiece(channel, handle, 8)).toString();
  await closeFile(channel, handle);
  return text === "" ? undefined : exitStatusOf({ exitcode: Number(text) });
}

/** What the script itself had to say: why the command was not started. */
async function tellFaults(status: Record<string, unknown>, output: ExecOutput): Promise<void> {
  const words = status["err-data"];
  if (typeof words === "string" && words !== "") await output.stderr(Buffer.from(words, "base64"));
}

/** As a shell counts: a signal is 128 and more. */
function exitStatusOf({ exitcode, signal }: Record<string, unknown>): number {
  const byte = (value: unknown) =>
    Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 255
      ? (value as number)
      : undefined;
  return byte(exitcode) ?? 128 + (byte(signal) ?? 0);
}
