/**
 * QEMU's guest agent: how a running guest is asked whether it is there, and given commands. Lines of JSON over a
 * socket; nothing that comes from the guest is taken for more than it is.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { MicrovmError } from "../errors.ts";
import { type Connection, isObject, parseAnswer, tryConnect } from "./agent-connection.ts";

/** What a command in the guest prints, as it comes. */
export interface ExecOutput {
  stdout(chunk: Buffer): void;
  stderr(chunk: Buffer): void;
}

/** A connection to a guest's agent. */
export interface GuestAgent extends Disposable {
  /**
   * Runs a program in the guest to its end, its output handed on meanwhile, and gives its exit status. What it
   * prints lies in the memory of the guest's /run until it has ended, since agents cannot read a pipe.
   */
  exec(command: readonly string[], output: ExecOutput, signal?: AbortSignal): Promise<number>;
  /** The first bytes of a file of the guest, at most `SMALL_READ`; no program is started for it. */
  readStart(path: string): Promise<Buffer>;
  /** Asks the guest to power off; it does not answer. */
  shutdown(): void;
}

/** How often a wait for the first answer looks at its signal, in milliseconds. */
const ANSWER_TIME = 250;

/** Between two attempts to connect, in milliseconds. */
const RETRY_TIME = 20;

/** How often a running command is looked at, in milliseconds: soon at first, then less. */
const POLL_TIMES = [10, 20, 50, 100];

/** How much output is asked for at once, in bytes. */
const READ_SIZE = 256 * 1024;

/** How much of a file's beginning is asked for, in bytes. */
const SMALL_READ = 4096;

/** How much of a guest's own words an error shows, in characters. */
const LONGEST_REASON = 500;

/**
 * Connects as soon as the guest's agent answers, which tells that the guest is up. Waits for as long as the signal
 * allows, then throws its reason.
 */
export async function waitForAgent(socketPath: string, signal: AbortSignal): Promise<GuestAgent> {
  for (let token = 1; ; token++) {
    signal.throwIfAborted();
    const connection = await tryConnect(socketPath);
    if (connection && (await synchronise(connection, token, signal))) return agentOf(connection);
    await delay(RETRY_TIME);
  }
}

/** What a command in the guest did. */
export interface GuestResult {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/** Runs a program in the guest to its end, its output collected. */
export async function execCollected(
  agent: GuestAgent,
  command: readonly string[],
  signal?: AbortSignal,
): Promise<GuestResult> {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  const output = {
    stdout: (chunk: Buffer) => void stdout.push(chunk),
    stderr: (chunk: Buffer) => void stderr.push(chunk),
  };
  const code = await agent.exec(command, output, signal);
  return { code, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) };
}

/**
 * Both sides forget what was said before: the marker resets the agent's parser, and an answer with our
 * token says that the agent is there (guest-sync-delimited). Nothing answers before it has started; the
 * question then waits in the port.
 */
async function synchronise(connection: Connection, token: number, signal: AbortSignal): Promise<boolean> {
  const question = { execute: "guest-sync-delimited", arguments: { id: token } };
  connection.socket.write(Buffer.concat([Buffer.from([0xff]), Buffer.from(`${JSON.stringify(question)}\n`)]));
  while (!signal.aborted) {
    const line = await connection.nextLine(ANSWER_TIME);
    if (line === undefined && connection.socket.destroyed) return false;
    if (line !== undefined && parseAnswer(line)?.return === token) return true;
  }
  connection.socket.destroy();
  return false;
}

function agentOf(connection: Connection): GuestAgent {
  const ask: Ask = async (execute, parameters) => {
    connection.socket.write(`${JSON.stringify({ execute, arguments: parameters })}\n`);
    const line = await connection.nextLine(60_000);
    const answer = line === undefined ? undefined : parseAnswer(line);
    if (isObject(answer?.return)) return answer.return;
    // The handle of an opened file is a bare number.
    if (execute === "guest-file-open" && typeof answer?.return === "number") return { handle: answer.return };
    const reason = isObject(answer?.error) ? described(answer.error.desc) : "it did not answer";
    throw new MicrovmError("guest-failed", `The guest's agent cannot do "${execute}": ${reason}`, {
      hint: "See the guest's console for what happened to it",
    });
  };
  return {
    exec: (command, output, signal) => execute(ask, command, output, signal),
    readStart: (path) => readStart(ask, path),
    shutdown() {
      connection.socket.write(
        `${JSON.stringify({ execute: "guest-shutdown", arguments: { mode: "powerdown" } })}\n`,
      );
    },
    [Symbol.dispose]: () => connection.socket.destroy(),
  };
}

/** Asks the agent one thing and gives its answer. */
type Ask = (execute: string, parameters: object) => Promise<Record<string, unknown>>;

/**
 * What the agent runs: \`sh -c SCRIPT sh BASE COMMAND…\`. The outputs are files that the agent has open already, so
 * that their names can go before the command starts.
 */
const REDIRECT = 'exec >>"$1.out" 2>>"$1.err"; rm -f "$1.out" "$1.err"; shift; exec "$@"';

async function execute(
  ask: Ask,
  command: readonly string[],
  output: ExecOutput,
  signal: AbortSignal | undefined,
): Promise<number> {
  const base = `/run/microvm-exec-${randomUUID()}`;
  const open = async (path: string) => (await ask("guest-file-open", { path, mode: "w+" })).handle;
  const readers = [
    { handle: await open(`${base}.out`), take: output.stdout },
    { handle: await open(`${base}.err`), take: output.stderr },
  ];
  const arg = ["-c", REDIRECT, "sh", base, ...command];
  const { pid } = await ask("guest-exec", { path: "/bin/sh", arg });
  for (let look = 0; ; look++) {
    await delay(POLL_TIMES[Math.min(look, POLL_TIMES.length - 1)], undefined, signal ? { signal } : {});
    // Asked first: after its end everything is in the files.
    const status = await ask("guest-exec-status", { pid });
    for (const { handle, take } of readers) await readAll(ask, handle, take);
    if (status.exited === false) continue;
    for (const { handle } of readers) await ask("guest-file-close", { handle });
    return exitStatusOf(status);
  }
}

async function readStart(ask: Ask, path: string): Promise<Buffer> {
  const { handle } = await ask("guest-file-open", { path, mode: "r" });
  const { "buf-b64": text } = await ask("guest-file-read", { handle, count: SMALL_READ });
  await ask("guest-file-close", { handle });
  return Buffer.from(typeof text === "string" ? text : "", "base64").subarray(0, SMALL_READ);
}

/** Everything that the file has gained since it was read last. */
async function readAll(ask: Ask, handle: unknown, take: (chunk: Buffer) => void): Promise<void> {
  for (;;) {
    const { "buf-b64": text, count } = await ask("guest-file-read", { handle, count: READ_SIZE });
    if (typeof text !== "string" || text === "") return;
    take(Buffer.from(text, "base64"));
    if (typeof count !== "number" || count < READ_SIZE) return;
  }
}

/** As a shell counts: a signal is 128 and more. */
function exitStatusOf({ exitcode, signal }: Record<string, unknown>): number {
  const byte = (value: unknown) =>
    Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 255
      ? (value as number)
      : undefined;
  return byte(exitcode) ?? 128 + (byte(signal) ?? 0);
}

/** The guest's words, as a terminal may show them. */
function described(words: unknown): string {
  return String(words)
    .replace(/[\x00-\x1f\x7f-\x9f]+/g, " ")
    .slice(0, LONGEST_REASON);
}
