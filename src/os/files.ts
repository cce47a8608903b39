/**
 * Files and directories. The rest of the program imports the file system from here, so that what touches
 * the outside world can be seen from its imports.
 */
import { chmodSync, promises, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MicrovmError, messageOf, systemCode } from "../errors.ts";

export {
  accessSync,
  appendFileSync,
  chmodSync,
  chownSync,
  closeSync,
  constants as fsConstants,
  copyFileSync,
  createReadStream,
  createWriteStream,
  existsSync,
  fchmodSync,
  fchownSync,
  futimesSync,
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
  unlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";

/** The text of a file, or undefined when there is none. */
export function readTextIfExists(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT" || systemCode(error) === "ENOTDIR") return undefined;
    throw error;
  }
}

/** The names in a directory, with `recursive` those below it as paths from there; none when there is no directory. */
export function readNamesIfExists(path: string, { recursive = false } = {}): string[] {
  try {
    return readdirSync(path, { recursive, encoding: "utf8" });
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  }
}

/**
 * Writes a file so that a reader sees the old text or the new one, never a part. A failure leaves nothing new. Without
 * `flush`, a machine that loses its power may be left with neither.
 */
export function writeFileAtomically(path: string, text: string, { flush = true } = {}): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, text, { flush });
    renameSync(temporary, path);
  } catch (error) {
    try {
      rmSync(temporary, { force: true });
    } catch {
      // Why it could not be written says more.
    }
    throw error;
  }
}

/**
 * Removes a tree, read-only directories included. A tree that is not there is no error.
 */
export async function removeTree(path: string): Promise<void> {
  try {
    // Children of a program that was killed may be writing there until they die of it as well.
    await promises.rm(path, { recursive: true, force: true, maxRetries: 3 });
  } catch (error) {
    if (systemCode(error) !== "EACCES" && systemCode(error) !== "EPERM") throw error;
    unlockDirectories(path);
    await promises.rm(path, { recursive: true, force: true });
  }
}

/** Lets the owner remove what is in these directories. */
function unlockDirectories(path: string): void {
  chmodSync(path, 0o700);
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) unlockDirectories(join(path, entry.name));
  }
}

/** Turns a full disk into an error that names the place and the cure; any other error is given back. */
export function explainFullDisk(
  error: unknown,
  place: string,
  hint = "Free some space there, or set MICROVM_STORE to a directory on a larger disk",
): unknown {
  if (systemCode(error) !== "ENOSPC" && systemCode(error) !== "EDQUOT") return error;
  return new MicrovmError("no-space", `Cannot write below "${place}": no space left (${messageOf(error)})`, {
    hint,
    cause: error,
  });
}
