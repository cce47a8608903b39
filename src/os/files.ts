/**
 * Files and directories. The rest of the program imports the file system from here, so that what touches
 * the outside world can be seen from its imports.
 */
import { constants, existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { MicrovmError, messageOf, systemCode } from "../errors.ts";

export {
  chmodSync,
  closeSync,
  constants as fsConstants,
  createReadStream,
  createWriteStream,
  existsSync,
  fsyncSync,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statfsSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
export {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";

/** The text of a file, or undefined when there is none. */
export function readTextIfExists(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT" || systemCode(error) === "ENOTDIR") return undefined;
    throw error;
  }
}

/** Writes a file so that a reader sees the old text or the new one, never a part. */
export function writeFileAtomically(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, text, { flush: true });
  renameSync(temporary, path);
}

/**
 * Removes a tree, read-only directories included. A tree that is not there is no error.
 */
export async function removeTree(path: string): Promise<void> {
  if (!existsSync(path)) return;
  await rm(path, { recursive: true, force: true });
}

/** Whether this process may open the file for reading and writing. */
export const READ_WRITE = constants.O_RDWR;

/** Turns a full disk into an error that names the place and the cure; any other error is given back. */
export function explainFullDisk(error: unknown, place: string): unknown {
  if (systemCode(error) !== "ENOSPC" && systemCode(error) !== "EDQUOT") return error;
  return new MicrovmError("no-space", `Cannot write below "${place}": no space left (${messageOf(error)})`, {
    hint: "Free some space there, or set MICROVM_STORE to a directory on a larger disk",
    cause: error,
  });
}
