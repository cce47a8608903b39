/** A running guest, by its agent (QEMU's): asked whether it is there, given commands. */
import { type AgentChannel, waitForChannel } from "./agent-channel.ts";
import { isObject } from "./agent-connection.ts";
import { askAddresses, type GuestAddress } from "./guest-addresses.ts";
import { type ExecOptions, type ExecOutput, type GuestCommand, startCommand } from "./guest-command.ts";

/** A guest whose agent has answered. */
export interface GuestAgent extends Disposable {
  /** Starts a program in the guest. */
  start(command: readonly string[], output: ExecOutput, options?: ExecOptions): Promise<GuestCommand>;
  /** Runs a program in the guest to its end, its output handed on meanwhile, and gives its exit status. */
  exec(command: readonly string[], output: ExecOutput, options?: ExecOptions): Promise<number>;
  /** The first bytes of a file of the guest, at most `SMALL_READ`; no program is started for it. */
  readStart(path: string): Promise<Buffer>;
  /** The addresses of its interfaces, but those that only the guest itself or one link knows. */
  addresses(): Promise<readonly GuestAddress[]>;
}

/** How much of a file's beginning is asked for, in bytes. */
const SMALL_READ = 4096;

/**
 * Connects as soon as the guest's agent answers, which tells that the guest is up. Waits for as long as the signal
 * allows, then throws its reason.
 */
export async function waitForAgent(socketPath: string, signal: AbortSignal): Promise<GuestAgent> {
  return agentOf(await waitForChannel(socketPath, signal));
}

function agentOf(channel: AgentChannel): GuestAgent {
  return {
    start: (command, output, options) => startCommand(channel, command, output, options),
    exec: async (command, output, options) => {
      const { ended } = await startCommand(channel, command, output, options);
      return ended;
    },
    readStart: (path) => readStart(channel, path),
    addresses: () => askAddresses(channel),
    [Symbol.dispose]: () => channel[Symbol.dispose](),
  };
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
  options: ExecOptions = {},
): Promise<GuestResult> {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  const output = {
    stdout: (chunk: Buffer) => void stdout.push(chunk),
    stderr: (chunk: Buffer) => void stderr.push(chunk),
  };
  const code = await agent.exec(command, output, options);
  return { code, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) };
}

async function readStart(channel: AgentChannel, path: string): Promise<Buffer> {
  const handle = await channel.ask("guest-file-open", { path, mode: "r" });
  const said = await channel.ask("guest-file-read", { handle, count: SMALL_READ });
  await channel.ask("guest-file-close", { handle });
  const text = isObject(said) ? said["buf-b64"] : "";
  return Buffer.from(typeof text === "string" ? text : "", "base64").subarray(0, SMALL_READ);
}
