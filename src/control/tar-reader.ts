/** An archive of a guest, which is not trusted, onto the host's disk. */
import { join } from "node:path";
import { MicrovmError, systemCode } from "../errors.ts";
import {
  chmodSync,
  closeSync,
  fsConstants,
  linkSync,
  mkdirSync,
  openSync,
  symlinkSync,
  writeSync,
} from "../os/files.ts";
import { printable } from "../os/printable.ts";
import { readTar, type TarEntry } from "../packages/debian/tar.ts";
import type { CopyProgress } from "./tar-writer.ts";

/** What errors of the reader call it. */
const ARCHIVE = "a guest's";

/** How many files and directories are taken. */
const MOST_ENTRIES = 1_000_000;

/**
 * Writes an archive below a new, empty directory. Everything in it must lie below the one name `top`, in directories
 * that the archive made itself: so nothing is written through a link, and nothing outside. Links are made and never
 * followed. Setuid, setgid and owners are left out; devices and FIFOs are skipped. Errors: `guest-failed`.
 */
export async function extractTar(
  archive: AsyncIterable<Buffer>,
  directory: string,
  top: string,
  progress: CopyProgress,
): Promise<"file" | "directory" | "link"> {
  const directories = new Set<string>();
  const files = new Set<string>();
  /** Modes of directories are set last: one may be read-only. */
  const modes: [string, number][] = [];
  let kind: "file" | "directory" | "link" | undefined;
  let count = 0;
  for await (const entry of entriesOf(archive)) {
    if (++count > MOST_ENTRIES) throw refused(entry.path, `there are more than ${MOST_ENTRIES} files`);
    const { path, type } = entry;
    const parent = path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
    if (path !== top && !(path.startsWith(`${top}/`) && directories.has(parent))) {
      throw refused(path, "it is not below what was asked for");
    }
    if (path === top && kind !== undefined) throw refused(path, "it is there twice");
    const target = join(directory, path);
    if (type === "directory") {
      make(path, () => mkdirSync(target, { mode: 0o700 }));
      directories.add(path);
      modes.push([target, entry.mode & 0o777]);
    } else if (type === "symlink") {
      make(path, () => symlinkSync(entry.target, target));
    } else if (type === "hardlink") {
      if (!files.has(entry.target)) throw refused(path, "it is a link to what is not in the archive");
      make(path, () => linkSync(join(directory, entry.target), target));
      files.add(path);
    } else if (type === "file") {
      await writeFile(entry, target, progress);
      files.add(path);
    } else {
      progress.skipped(path);
    }
    if (path === top) kind = type === "directory" ? "directory" : type === "symlink" ? "link" : "file";
  }
  for (const [path, mode] of modes.reverse()) chmodSync(path, mode);
  if (kind === undefined) throw refused(top, "it is not in the archive");
  return kind;
}

/** The archive's entries. One that is damaged, or has a path that leads out, is the guest's fault. */
async function* entriesOf(archive: AsyncIterable<Buffer>): AsyncGenerator<TarEntry> {
  try {
    yield* readTar(archive, ARCHIVE);
  } catch (error) {
    if (!(error instanceof MicrovmError) || error.code !== "package-invalid") throw error;
    const reason = printable(error.message.split(`"${ARCHIVE}": `).at(-1)!);
    throw new MicrovmError("guest-failed", `The guest sent what is refused: ${reason}`, {
      hint: "Nothing was copied; see what runs in the guest",
      cause: error,
    });
  }
}

async function writeFile(entry: TarEntry, target: string, progress: CopyProgress): Promise<void> {
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = fsConstants;
  const file = make(entry.path, () => openSync(target, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600));
  try {
    for await (const piece of entry.content) {
      for (let at = 0; at < piece.length; ) at += writeSync(file, piece, at);
      progress.copied(piece.length);
    }
  } finally {
    closeSync(file);
  }
  chmodSync(target, entry.mode & 0o777);
}

/** Makes something new. */
function make<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (systemCode(error) === "EEXIST") throw refused(path, "it is there twice");
    throw error;
  }
}

function refused(path: string, reason: string): MicrovmError {
  return new MicrovmError(
    "guest-failed",
    `The guest sent "${printable(path)}", which is refused: ${reason}`,
    {
      hint: "Nothing was copied; see what runs in the guest",
    },
  );
}
