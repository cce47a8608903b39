/** Every name on the host's disk. `docs/on-disk.md` mirrors this file and a test compares the two. */
import { homedir } from "node:os";
import { join } from "node:path";

/** The environment that decides where things lie. */
type Environment = Readonly<Record<string, string | undefined>>;

/** Project file, looked for in a project's directory. */
export const PROJECT_FILE = "microvm.config.ts";

/** Lock file, beside the project file. */
export const LOCK_FILE = "microvm.lock";

/**
 * The store: `MICROVM_STORE`, else root's `/var/lib/microvm/store`, else a user's
 * `$XDG_DATA_HOME/microvm/store`.
 */
export function storeDirectory(environment: Environment, uid: number): string {
  if (environment.MICROVM_STORE) return environment.MICROVM_STORE;
  if (uid === 0) return "/var/lib/microvm/store";
  return join(environment.XDG_DATA_HOME || join(homedir(), ".local/share"), "microvm/store");
}

/**
 * The state directory: `MICROVM_STATE_DIR`, else root's `/var/lib/microvms`, else a user's
 * `$XDG_STATE_HOME/microvm`.
 */
export function stateDirectory(environment: Environment, uid: number): string {
  if (environment.MICROVM_STATE_DIR) return environment.MICROVM_STATE_DIR;
  if (uid === 0) return "/var/lib/microvms";
  return join(environment.XDG_STATE_HOME || join(homedir(), ".local/state"), "microvm");
}

/** Inside a store. Names that begin with a dot are never store paths. */
export const storeNames = {
  /** Unfinished builds; emptied by the next run. */
  temporary: ".tmp",
  /** One lock file for each path that is being made. */
  locks: ".locks",
  /** One info record for each path. */
  info: ".info",
  /** Downloaded indices of package sets, verified again when read. */
  indices: ".indices",
  /** What the last build of each path printed, if anything. */
  logs: ".logs",
} as const;

/** Below the state directory: VMs that run in the foreground, apart from the installed ones, whose names have no dot in front. */
export const FOREGROUND_DIRECTORY = ".run";

/** Inside the directory of a VM. */
export const vmNames = {
  /** Held while the VM runs. */
  lock: "lock",
  /** What the guest's console printed since its last start. */
  consoleLog: "console.log",
} as const;

/** Inside a runner. */
export const runnerNames = {
  run: "bin/microvm-run",
  shutdown: "bin/microvm-shutdown",
  virtiofsd: "bin/virtiofsd-run",
  machine: "share/microvm/machine.json",
  virtiofs: "share/microvm/virtiofs",
} as const;
