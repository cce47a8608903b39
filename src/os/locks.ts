/**
 * Locks between processes. The kernel's own file locks are used, held by a small child process for us,
 * since Node has no call for them: they end with their holder, so a crash leaves no stale lock behind.
 */
import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { MicrovmError } from "../errors.ts";

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
  closeSync(openSync(path, "a", 0o600));
  const mode = options.shared ? "--shared" : "--exclusive";
  const waiting = options.wait === false ? ["--nonblock"] : [];
  // The child gives a line back once it has the lock, and holds it until its standard input ends: by us, or with us.
  // It must not die of the terminal's Ctrl-C, which reaches the whole foreground group: hence a group of its own.
  const holder = spawn("flock", [mode, ...waiting, path, "cat"], {
    stdio: ["pipe", "pipe", "inherit"],
    detached: true,
  });
  holder.stdin.on("error", () => {});
  holder.stdin.write("\n");
  const exited = new Promise<void>((resolve) => holder.once("close", () => resolve()));
  const giveUp = () => holder.kill();
  options.signal?.addEventListener("abort", giveUp);
  const locked = await new Promise<boolean>((resolve, reject) => {
    holder.once("error", (error) =>
      reject(
        new MicrovmError("tool-missing", `Cannot start "flock": ${error.message}`, {
          hint: 'Install "util-linux", which contains it',
        }),
      ),
    );
    holder.stdout.once("data", () => resolve(true));
    holder.once("close", () => resolve(false));
  }).finally(() => options.signal?.removeEventListener("abort", giveUp));
  if (!locked) {
    options.signal?.throwIfAborted();
    if (options.wait === false) return undefined;
    throw new MicrovmError("state-busy", `Cannot lock "${path}"`, {
      hint: "Check that the file system of this directory supports locks",
    });
  }
  const release = async () => {
    holder.stdin.end();
    await exited;
  };
  return { release, [Symbol.asyncDispose]: release };
}
