/** Writing a tree as its entries come in. Every directory on the way is one that this made, so no link is followed. */
import { join } from "node:path";
import { MicrovmError, systemCode } from "../errors.ts";
import {
  chmodSync,
  closeSync,
  fchmodSync,
  fchownSync,
  lchownSync,
  mkdirSync,
  openSync,
  symlinkSync,
  writeSync,
} from "../os/files.ts";
import { run } from "../os/processes.ts";
import type { EntryRecord } from "./stream-format.ts";
import { invalidStream } from "./stream-reader.ts";

/** A tree that is being written; errors: `stream-invalid`, `permission-denied`, and the file system's own. */
export interface IncomingTree {
  /** Makes an entry; a file's content comes with it, in pieces. The directory above it must have been made. */
  add(entry: EntryRecord, content: AsyncIterable<Buffer>): Promise<void>;
  /** Gives the directories that are still open their modes. */
  finish(): void;
}

/** Writes to `root`, which must not be there. */
export function writeIncoming(root: string): IncomingTree {
  /** From the top down to where the last entry was made. */
  const open: EntryRecord[] = [];
  const place = (path: string) => (path === "" ? root : join(root, path));
  /** A directory is closed to its owner last, so that a user who is not root can fill it. */
  const close = () => {
    const directory = open.pop()!;
    chmodSync(place(directory.path), directory.mode);
  };
  const enter = (path: string) => {
    const isAbove = (directory: string) => directory === "" || path.startsWith(`${directory}/`);
    while (open.length > 0 && !isAbove(open.at(-1)!.path)) close();
    const parent = path.split("/").slice(0, -1).join("/");
    if (path !== "" && open.at(-1)?.path !== parent) throw invalidStream(`"/${path}" lies in no directory`);
  };
  return {
    async add(entry, content) {
      enter(entry.path);
      const path = place(entry.path);
      switch (entry.type) {
        case "directory":
          mkdirSync(path, { mode: 0o700 });
          own(entry, path);
          open.push(entry);
          break;
        case "link":
          symlinkSync(entry.target, path);
          own(entry, path);
          break;
        case "whiteout":
          await run(["mknod", "--mode", entry.mode.toString(8), "--", path, "c", "0", "0"]);
          own(entry, path);
          break;
        default:
          await writeFile(entry, path, content);
      }
    },
    finish() {
      while (open.length > 0) close();
    },
  };
}

async function writeFile(entry: EntryRecord, path: string, content: AsyncIterable<Buffer>): Promise<void> {
  // "wx": exclusive, and a link in its place is not followed (open(2), O_EXCL).
  const file = openSync(path, "wx", 0o600);
  try {
    for await (const piece of content) {
      for (let written = 0; written < piece.length; ) written += writeSync(file, piece, written);
    }
    own(entry, path, (uid, gid) => fchownSync(file, uid, gid));
    // After the owner, since a change of that clears the set-user-id bit.
    fchmodSync(file, entry.mode);
  } finally {
    closeSync(file);
  }
}

function own(
  { path, uid, gid }: EntryRecord,
  place: string,
  change = (owner: number, group: number) => lchownSync(place, owner, group),
): void {
  if (uid === process.getuid?.() && gid === process.getgid?.()) return;
  try {
    change(uid, gid);
  } catch (error) {
    if (!["EPERM", "EINVAL"].includes(systemCode(error) ?? "")) throw error;
    throw new MicrovmError("permission-denied", `Cannot give "/${path}" to the owner ${uid}:${gid}`, {
      hint: "Run as root, or as a user with enough subordinate ids",
      cause: error,
    });
  }
}
