/** The project's lock file, read and written. */
import { join } from "node:path";
import { MicrovmError, messageOf } from "../errors.ts";
import { readTextIfExists, writeFileAtomically } from "../os/files.ts";
import { EMPTY_LOCK, formatLock, type Lock, parseLock } from "../packages/lock.ts";
import { LOCK_FILE } from "../paths.ts";

/** The lock of a project, empty when it has none. */
export function readLock(projectDirectory: string): Lock {
  const path = join(projectDirectory, LOCK_FILE);
  const text = readTextIfExists(path);
  return text === undefined ? EMPTY_LOCK : parseLock(text, path);
}

/**
 * Writes the lock when it changed. A project that cannot be written to is built all the same; the warning that
 * then comes back says what that costs.
 */
export function writeLock(projectDirectory: string, before: Lock, after: Lock): string | undefined {
  if (after === before) return undefined;
  const path = join(projectDirectory, LOCK_FILE);
  try {
    writeFileAtomically(path, formatLock(after));
    return undefined;
  } catch (error) {
    return new MicrovmError(
      "permission-denied",
      `Cannot write "${path}" (${messageOf(error)}): what it lacks is resolved anew each time`,
    ).message;
  }
}
