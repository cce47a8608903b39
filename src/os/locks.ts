/**
 * Locks between processes: the kernel's own, flock(2), which belong to a file that this process has open. They end with
 * it, so a crash leaves no stale lock behind. Node has no call for them: flock(1) takes one on our open file, and ends.
 */
import { spawn } from "node:child_process";
import { closeSync, constants, openSync } from "node:fs";
import { MicrovmError, systemCode } from "../errors.ts";

/** A held lock; disposing of it releases it. */
export interface Lock extends AsyncDisposable {
  release(): Promise<void>;
}

interface LockOptions {
  /** Several holders at once, excluding an exclusive one. */
  readonly shared?: boolean;
  /** Give up at once (undefined is returned) instead of waiting. */
  readonly wait?: boolean;
  /** Ends the waiting with the signal's reason. Once the lock is held it has no effect. */
  readonly signal?: AbortSignal;
}

/**
 * Takes the lock on a file, which is created when absent and never removed (removing a lock file lets two
 * holders in). Waits until it is free, unless `wait` is false: then undefined says that someone else holds it.
 */
export async function lockFile(
  path: string,
  options: LockOptions & { wait: false },
): Promise<Lock | undefined>;
export async function lockFile(path: string, options?: LockOptions): Promise<Lock>;
export async function lockFile(path: string, options: LockOptions = {}): Promise<Lock | undefined> {
  options.signal?.throwIfAborted();
  const file = openLockFile(path);
  let isOpen = true;
  // Once: the next file that is opened gets the same number.
  const close = () => {
    if (isOpen) closeSync(file);
    isOpen = false;
  };
  let isHeld = false;
  try {
    isHeld = await takeLock(path, file, options);
  } finally {
    if (!isHeld) close();
  }
  const release = async () => close();
  return isHeld ? { release, [Symbol.asyncDispose]: release } : undefined;
}

/** Another user may write to a lock's directory: who puts a link or a pipe there is not followed, nor waited for. */
function openLockFile(path: string): number {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
  try {
    return openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
  } catch (error) {
    if (!["ELOOP", "ENXIO"].includes(systemCode(error) ?? "")) throw error;
    throw new MicrovmError("state-busy", `Cannot lock "${path}": it is no file`, {
      hint: "Remove it when you know who put it there",
      cause: error,
    });
  }
}

/** Whether the lock is held; it is not when it should not be waited for. */
async function takeLock(path: string, file: number, { shared, wait, signal }: LockOptions): Promise<boolean> {
  const mode = shared ? "--shared" : "--exclusive";
  // It must not die of the terminal's Ctrl-C, which reaches the whole foreground group: hence a group of its own.
  const taker = spawn("flock", [mode, ...(wait === false ? ["--nonblock"] : []), "3"], {
    stdio: ["ignore", "ignore", "inherit", file],
    detached: true,
  });
  const giveUp = () => taker.kill();
  signal?.addEventListener("abort", giveUp);
  const code = await new Promise<number | null>((resolve, reject) => {
    taker.once("error", (error) =>
      reject(
        new MicrovmError("tool-missing", `Cannot start "flock": ${error.message}`, {
          hint: 'Install "util-linux", which contains it',
        }),
      ),
    );
    taker.once("exit", resolve);
  }).finally(() => signal?.removeEventListener("abort", giveUp));
  if (code === 0) return true;
  signal?.throwIfAborted();
  if (wait === false) return false;
  throw new MicrovmError("state-busy", `Cannot lock "${path}"`, {
    hint: "Check that the file system of this directory supports locks",
  });
}
