/** The input of a command in a guest: little of it as words, much of it as files, one after the other. */
import { PassThrough, type Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import type { AgentChannel } from "./agent-channel.ts";
import { closeFile, openFile, PIECE, readPiece, tryOpenFile, writePiece } from "./guest-files.ts";

/** What fits into a line for the guest's script, in bytes: a pipe takes lines of 4096 as a whole, each byte may take 5. */
const SHORT = 768;

/** What is read ahead, and sent as one file: bytes. */
const LONG = 512 * 1024;

/** How often it is looked whether the script has done a line, in milliseconds. */
const LOOK_TIMES = [2, 5, 10, 20];

/** What the rest of a command's run has to do with its input. */
interface Feeding {
  /** The command has ended: nothing is sent any more. */
  readonly signal: AbortSignal;
  /** Called when the command got something. */
  sent(): void;
}

/** Sends everything to the script with the files `base`, whose answers are in the open file `acknowledged`. */
export async function sendInput(
  channel: AgentChannel,
  base: string,
  input: Readable,
  acknowledged: number,
  { signal, sent }: Feeding,
): Promise<void> {
  const script = newScript(channel, base, acknowledged, signal);
  let files = 0;
  for await (const chunk of gathered(input, signal)) {
    if (chunk.length <= SHORT) {
      await script.say(`d ${escaped(chunk)}`);
    } else {
      files++;
      await writeFile(channel, `${base}.in.${files}`, chunk);
      await script.say(`f ${files}`);
    }
    sent();
  }
  await script.say("e");
  sent();
  await script.close();
}

/** All that has come since it was looked last, at once. */
async function* gathered(input: Readable, signal: AbortSignal): AsyncGenerator<Buffer> {
  const through = new PassThrough({ highWaterMark: LONG });
  input.once("error", (error) => through.destroy(error));
  input.pipe(through);
  try {
    while (!signal.aborted) {
      const chunk: Buffer | null = through.read();
      if (chunk !== null) yield chunk;
      else if (through.readableEnded) return;
      else await changed(through, signal);
    }
  } finally {
    input.unpipe(through);
    through.destroy();
  }
}

function changed(stream: Readable, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (settle: () => void) => {
      stream.off("readable", onReadable).off("end", onReadable).off("error", onError);
      signal.removeEventListener("abort", onReadable);
      settle();
    };
    const onReadable = () => done(resolve);
    const onError = (error: Error) => done(() => reject(error));
    signal.addEventListener("abort", onReadable);
    stream.on("readable", onReadable).on("end", onReadable).on("error", onError);
  });
}

async function writeFile(channel: AgentChannel, path: string, bytes: Buffer): Promise<void> {
  const handle = await openFile(channel, path, "w");
  for (let at = 0; at < bytes.length; at += PIECE) {
    await writePiece(channel, handle, bytes.subarray(at, at + PIECE));
  }
  await closeFile(channel, handle);
}

/** The lines of the script, each said once the last one is done. */
function newScript(channel: AgentChannel, base: string, acknowledged: number, signal: AbortSignal) {
  let handle: number | undefined;
  let open = 0;
  const flush = async (fifo: number) => void (await channel.ask("guest-file-flush", { handle: fifo }));
  return {
    async say(line: string): Promise<void> {
      for (let tries = 0; handle === undefined && !signal.aborted; tries++) {
        handle = await tryOpenFile(channel, `${base}.in`, "r+");
        if (handle === undefined) await look(tries);
      }
      for (let tries = 0; open > 0 && !signal.aborted; tries++) {
        if (tries > 0) await look(tries);
        open -= (await readPiece(channel, acknowledged, 1024)).length;
      }
      if (signal.aborted || handle === undefined) return;
      open++;
      await writePiece(channel, handle, Buffer.from(`${line}\n`));
      await flush(handle);
    },
    async close(): Promise<void> {
      for (const one of [handle, acknowledged]) if (one !== undefined) await closeFile(channel, one);
    },
  };
}

function look(tries: number): Promise<void> {
  return delay(LOOK_TIMES[Math.min(tries, LOOK_TIMES.length - 1)]);
}

/** As printf's %b takes it, in one line of words that the shell does not trim. */
function escaped(bytes: Buffer): string {
  let text = "";
  for (const byte of bytes) {
    const character = String.fromCharCode(byte);
    text += /[A-Za-z0-9_.,:;=+/-]/.test(character) ? character : `\\0${byte.toString(8).padStart(3, "0")}`;
  }
  return text;
}
