/** One output of a command in a guest: files, one after the other, each as the guest's script writes it. */
import type { AgentChannel } from "./agent-channel.ts";
import { SEGMENT_READS } from "./exec-script.ts";
import { closeFile, openFile, PIECE, readPiece, tryOpenFile } from "./guest-files.ts";

/** An output that is fetched. */
export interface GuestOutput {
  /** Hands on what is new; tells whether there was something. */
  fetch(): Promise<boolean>;
  /** The next file was begun, and nothing is in it yet: more comes. */
  awaitsMore(): boolean;
  close(): Promise<void>;
}

/** How long the guest may take to fill a file that it has begun, in milliseconds. */
const BEGIN_TIME = 30_000;

/** An output whose first file is open already. `path` is that of the files, without their numbers. */
export function outputOf(
  channel: AgentChannel,
  path: string,
  first: number,
  take: (chunk: Buffer) => void | Promise<void>,
): GuestOutput {
  let handle = first;
  let number = 0;
  let offset = 0;
  let begun = 0;
  /** Everything that the file has gained. */
  const drain = async () => {
    for (let isNew = false; ; isNew = true) {
      const bytes = await readPiece(channel, handle, PIECE);
      if (bytes.length === 0) return isNew;
      offset += bytes.length;
      await take(bytes);
      if (bytes.length < PIECE) return true;
    }
  };
  return {
    async fetch() {
      let isNew = await drain();
      while (offset >= SEGMENT_READS) {
        const next = await tryOpenFile(channel, `${path}.${number + 1}`, "r");
        if (next === undefined) break;
        // The next one is there once this one is complete.
        await drain();
        await closeFile(channel, handle);
        handle = next;
        number++;
        offset = 0;
        begun = Date.now();
        await closeFile(channel, await openFile(channel, `${path}.${number}.open`, "w"));
        isNew = true;
        await drain();
      }
      return isNew;
    },
    awaitsMore: () => number > 0 && offset === 0 && Date.now() - begun < BEGIN_TIME,
    close: () => closeFile(channel, handle),
  };
}
