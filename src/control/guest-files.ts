/** Files of a guest, by its agent. What it says of them is checked. */
import { MicrovmError } from "../errors.ts";
import type { AgentChannel } from "./agent-channel.ts";
import { isObject } from "./agent-connection.ts";

/** How much is asked for, and sent, at once: bytes. In base 64 and JSON, a guest's agent is busy for long with more. */
export const PIECE = 192 * 1024;

/** Opens a file, by fopen's mode, and gives its handle. */
export async function openFile(channel: AgentChannel, path: string, mode: string): Promise<number> {
  const handle = await channel.ask("guest-file-open", { path, mode });
  if (typeof handle === "number") return handle;
  throw nonsense("guest-file-open");
}

/** The handle of a file, or undefined when it cannot be opened. */
export async function tryOpenFile(
  channel: AgentChannel,
  path: string,
  mode: string,
): Promise<number | undefined> {
  const handle = await channel.attempt("guest-file-open", { path, mode });
  return typeof handle === "number" ? handle : undefined;
}

/** The next bytes of a file, at most as many as asked for; none at its end. */
export async function readPiece(channel: AgentChannel, handle: number, count: number): Promise<Buffer> {
  const answer = await channel.ask("guest-file-read", { handle, count });
  const text = isObject(answer) ? (answer["buf-b64"] ?? "") : undefined;
  if (typeof text !== "string") throw nonsense("guest-file-read");
  const bytes = Buffer.from(text, "base64");
  if (bytes.length > count) throw nonsense("guest-file-read");
  return bytes;
}

/** Writes bytes, all of them. */
export async function writePiece(channel: AgentChannel, handle: number, bytes: Uint8Array): Promise<void> {
  const answer = await channel.ask("guest-file-write", {
    handle,
    "buf-b64": Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64"),
  });
  if (!isObject(answer) || answer.count !== bytes.byteLength) throw nonsense("guest-file-write");
}

/** Lets go of a handle. */
export async function closeFile(channel: AgentChannel, handle: number): Promise<void> {
  await channel.ask("guest-file-close", { handle });
}

function nonsense(execute: string): MicrovmError {
  return new MicrovmError("guest-failed", `The guest's agent cannot do "${execute}": its answer is none`, {
    hint: "See the guest's console for what happened to it",
  });
}
