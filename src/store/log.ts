/**
 * Logs of builds: what the programs that a build runs print, kept as `.logs/<store path name>.log` until the path is
 * built again. They are for people: a log that cannot be written fails no build, and nothing reads them but a person.
 */
import { join } from "node:path";
import { closeSync, mkdirSync, openSync, readdirSync, rmSync, statSync, writeSync } from "../os/files.ts";
import { printable } from "../os/printable.ts";
import { storeNames } from "../paths.ts";
import { isStorePathName } from "./recipe.ts";

/** Bytes of a log that are kept: its beginning and its end. The longest of Debian's packages print some 100 KiB. */
const MAX_HEAD = 16 * 1024 * 1024;
const MAX_TAIL = 64 * 1024;

/** The log of a running build. */
export interface BuildLog {
  /** Takes what a program printed. Never throws. */
  write(chunk: Uint8Array): void;
  /** Its last lines, fit for a terminal; empty when nothing was written. */
  lastLines(count: number): string;
  /** Where it is kept; undefined when nothing was written, or the disk did not take it. */
  keptAt(): string | undefined;
  /** Ends it. */
  close(): void;
}

/** Begins the log of a path's build. The one of the build before is removed; a file is made by the first write. */
export function openLog(
  storeDirectory: string,
  name: string,
  limit = { head: MAX_HEAD, tail: MAX_TAIL },
): BuildLog {
  removeLog(storeDirectory, name);
  const file = fileWriter(logFile(storeDirectory, name));
  const tail = tailOf(limit.tail);
  let size = 0;
  return {
    write(chunk) {
      if (size < limit.head) file.write(chunk.subarray(0, limit.head - size));
      size += chunk.length;
      tail.add(chunk);
    },
    lastLines: (count) => printable(tail.text()).trimEnd().split("\n").slice(-count).join("\n"),
    keptAt: file.keptAt,
    close() {
      const beyond = size - limit.head;
      if (beyond > 0) {
        const end = tail.bytes().subarray(-beyond);
        const cut = beyond - end.length;
        if (cut > 0) file.write(Buffer.from(`\n[${cut} bytes are left out here: the log is too long]\n`));
        file.write(end);
      }
      file.close();
    },
  };
}

/** A file of this user alone, made by the first write. After a failure nothing more is written. */
function fileWriter(path: string) {
  let fd: number | undefined;
  let isBroken = false;
  return {
    write(bytes: Uint8Array): void {
      if (isBroken) return;
      try {
        fd ??= create(path);
        for (let rest = bytes; rest.length > 0; ) rest = rest.subarray(writeSync(fd, rest));
      } catch {
        isBroken = true;
      }
    },
    keptAt: () => (fd === undefined || isBroken ? undefined : path),
    close(): void {
      if (fd !== undefined) closeSync(fd);
    },
  };
}

function create(path: string): number {
  mkdirSync(join(path, ".."), { recursive: true, mode: 0o700 });
  return openSync(path, "w", 0o600);
}

/** Remembers the last bytes of what is added; at least so many, when there were as many. */
function tailOf(limit: number) {
  let chunks: Uint8Array[] = [];
  let size = 0;
  const bytes = () => Buffer.concat(chunks).subarray(-limit);
  return {
    add(chunk: Uint8Array): void {
      chunks.push(chunk);
      size += chunk.length;
      // Joined from time to time, so that many small pieces cost no more than their bytes.
      if (size < 2 * limit) return;
      chunks = [Buffer.from(bytes())];
      size = limit;
    },
    bytes,
    text: () => bytes().toString(),
  };
}

/** Removes the log of a store path, if there is one: for whoever removes the path itself. */
export function removeLog(storeDirectory: string, name: string): void {
  rmSync(logFile(storeDirectory, name), { force: true });
}

/** A log that is kept. */
export interface KeptLog {
  /** Of the store path. */
  readonly name: string;
  readonly file: string;
}

/** The logs that a store keeps, the latest first. */
export function keptLogs(storeDirectory: string): readonly KeptLog[] {
  const names = readNames(join(storeDirectory, storeNames.logs))
    .filter((file) => file.endsWith(SUFFIX))
    .map((file) => file.slice(0, -SUFFIX.length))
    .filter(isStorePathName);
  return names
    .map((name) => ({ name, file: logFile(storeDirectory, name) }))
    .map((log) => ({ log, time: statSync(log.file, { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((a, b) => b.time - a.time)
    .map(({ log }) => log);
}

const SUFFIX = ".log";

function logFile(storeDirectory: string, name: string): string {
  return join(storeDirectory, storeNames.logs, `${name}${SUFFIX}`);
}

/** Names in a directory; none when it is not there. */
function readNames(directory: string): string[] {
  return statSync(directory, { throwIfNoEntry: false }) ? readdirSync(directory) : [];
}
