/** Where this run of the program works, and how it is told to stop. */
import { join, resolve } from "node:path";
import { MicrovmError } from "../errors.ts";
import { readTextIfExists, rmSync, writeFileAtomically } from "../os/files.ts";
import { exitStatus } from "../os/processes.ts";
import { ownUid } from "../os/user-namespace.ts";
import { configDirectory, configNames, stateDirectory, storeDirectory } from "../paths.ts";

/** Where store and state directory are; absolute paths. */
export interface Directories {
  readonly store: string;
  readonly state: string;
}

/** The directories of this run: what the environment says, else what this machine's host names, else the usual ones. */
export function directories(): Directories {
  const uid = ownUid();
  const named = namedDirectories();
  const { MICROVM_STORE, MICROVM_STATE_DIR } = process.env;
  return {
    store: resolve((!MICROVM_STORE && named?.store) || storeDirectory(process.env, uid)),
    state: resolve((!MICROVM_STATE_DIR && named?.state) || stateDirectory(process.env, uid)),
  };
}

/** Keeps the directories that a host's declaration names, so that every command finds them; null forgets them. */
export function keepDirectories(named: Directories | null): void {
  if (named === null) rmSync(directoriesFile(), { force: true });
  else writeFileAtomically(directoriesFile(), `${JSON.stringify({ version: 1, ...named })}\n`);
}

function namedDirectories(): Directories | undefined {
  const text = readTextIfExists(directoriesFile());
  return text === undefined ? undefined : (JSON.parse(text) as Directories);
}

function directoriesFile(): string {
  return join(configDirectory(process.env, ownUid()), configNames.directories);
}

let status: number | undefined;

/** A signal that is given when the person or the system asks the program to stop. The second request kills it. */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.once(name, () => {
      status ??= exitStatus(null, name);
      controller.abort(new MicrovmError("interrupted", `Stopped by ${name}`));
    });
  }
  return controller.signal;
}

/** The exit status of a program that was asked to stop, as a shell counts; undefined when it was not. */
export function stoppedStatus(): number | undefined {
  return status;
}
