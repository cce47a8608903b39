/** Where this run of the program works. */
import { resolve } from "node:path";
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

/** A signal that is given when the person or the system asks the program to stop. The second request kills it. */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.once(name, () => controller.abort(name));
  }
  return controller.signal;
}
