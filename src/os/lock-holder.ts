/**
 * A lock that is held alone for long, and beside it another that is shared for moments: one small process holds both,
 * so that the moments cost a line through a pipe, not the start of a process of ours.
 */
import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { MicrovmError } from "../errors.ts";

/** Both locks; disposing of it ends the long one. */
export interface LockHolder extends AsyncDisposable {
  /**
   * Does something synchronous while the second lock is shared; waits while somebody holds it alone. The signal ends
   * the waiting with its reason.
   */
  whileShared(task: () => void, signal?: AbortSignal): Promise<void>;
}

/** Says `locked`, then for each line that it reads takes, says `shared`, and gives up the second lock in turn. */
const SCRIPT = `
exec 8>>"$2" 9>>"$1"
flock --exclusive 9 || exit
echo locked
while read -r _; do
  flock --shared 8 || exit
  echo shared
  read -r _ || exit
  flock --unlock 8 || exit
done`;

/** Takes the lock on the file `alone`. Both files are created when absent. Both locks end with this process. */
export async function holdLocks(alone: string, shared: string): Promise<LockHolder> {
  for (const path of [alone, shared]) closeSync(openSync(path, "a", 0o600));
  // In a group of its own, away from the terminal's Ctrl-C.
  const holder = spawn("sh", ["-c", SCRIPT, "sh", alone, shared], {
    stdio: ["pipe", "pipe", "inherit"],
    detached: true,
  });
  holder.stdin.on("error", () => {});
  holder.on("error", () => {});
  const exited = new Promise<void>((resolve) => holder.once("close", () => resolve()));
  const gone = exited.then(() => Promise.reject(cannotHold(alone)));
  gone.catch(() => {});
  /** Each line is asked for, so that none comes before it is waited for. */
  const answer = () =>
    Promise.race([new Promise<void>((resolve) => holder.stdout.once("data", () => resolve())), gone]);
  await answer();
  let turn: Promise<void> = Promise.resolve();
  return {
    whileShared(task, signal) {
      const moment = turn.then(async () => {
        holder.stdin.write("\n");
        await answer();
        try {
          signal?.throwIfAborted();
          task();
        } finally {
          holder.stdin.write("\n");
        }
      });
      turn = moment.catch(() => {});
      return signal ? Promise.race([moment, abortOf(signal)]) : moment;
    },
    async [Symbol.asyncDispose]() {
      holder.stdin.end();
      await exited;
    },
  };
}

function abortOf(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

function cannotHold(path: string): MicrovmError {
  return new MicrovmError("tool-missing", `Cannot lock "${path}"`, {
    hint: 'Install "util-linux", which contains "flock", and check that the file system supports locks',
  });
}
