/** One output of a command in a guest: files, one after the other, each as the guest's script writes it. */
import { setTimeout as delay } from "node:timers/promises";
import { MicrovmError } from "../errors.ts";
import type { AgentChannel } from "./agent-channel.ts";
import { SEGMENT } from "./exec-script.ts";
import { closeFile, openFile, PIECE, readPiece, tryOpenFile } from "./guest-files.ts";

/** An output that is fetched. */
export interface GuestOutput {
  /** Hands on what is new; tells whether there was something. */
  fetch(): Promise<boolean>;
  close(): Promise<void>;
}

/** How often, and how many times, the next file is looked for: milliseconds. */
const RETRY_TIME = 20;
const RETRIES = 500;

/** Opens an output, whose first file is made. `path` is that of the files, without their numbers. */
export async function openOutput(
  channel: AgentChannel,
  path: string,
  take: (chunk: Buffer) => void | Promise<void>,
): Promise<GuestOutput> {
  let handle = await openFile(channel, `${path}.0`, "w+");
  let number = 0;
  let offset = 0;
  const next = async () => {
    number++;
    offset = 0;
    const opened = await openSoon(channel, `${path}.${number}`, "r");
    await closeFile(channel, handle);
    handle = opened;
    await closeFile(channel, await openFile(channel, `${path}.${number}.open`, "w"));
  };
  return {
    async fetch() {
      for (let isNew = false; ; isNew = true) {
        const count = Math.min(PIECE, SEGMENT - offset);
        const bytes = await readPiece(channel, handle, count);
        if (bytes.length === 0) return isNew;
        offset += bytes.length;
        await take(bytes);
        if (offset === SEGMENT) await next();
        else if (bytes.length < count) return true;
      }
    },
    close: () => closeFile(channel, handle),
  };
}

/** The handle of a file that is there in a moment. */
export async function openSoon(channel: AgentChannel, path: string, mode: string): Promise<number> {
  for (let tries = 0; tries < RETRIES; tries++) {
    const handle = await tryOpenFile(channel, path, mode);
    if (handle !== undefined) return handle;
    await delay(RETRY_TIME);
  }
  throw new MicrovmError("guest-failed", `The guest does not make the file "${path}"`, {
    hint: "See whether its /run is full",
  });
}
