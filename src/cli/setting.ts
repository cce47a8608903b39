/** Where this run of the program works, and how it is told to stop. */
import { resolve } from "node:path";
import { MicrovmError } from "../errors.ts";
import { exitStatus } from "../os/processes.ts";
import { ownUid } from "../os/user-namespace.ts";
import { stateDirectory, storeDirectory } from "../paths.ts";

/** The directories of this run; absolute paths. */
export function directories(): { readonly store: string; readonly state: string } {
  const uid = ownUid();
  return {
    store: resolve(storeDirectory(process.env, uid)),
    state: resolve(stateDirectory(process.env, uid)),
  };
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
