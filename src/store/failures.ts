/** What went wrong, for a person. */
import { MicrovmError, messageOf, systemCode } from "../errors.ts";
import { explainFullDisk } from "../os/files.ts";
import { type Recipe, storePathName } from "./recipe.ts";

/** What a builder threw: errors for people are passed on, and so is a full disk; others say what was built. */
export function explainBuildFailure(recipe: Recipe, error: unknown): unknown {
  if (error instanceof MicrovmError || fullDiskBelow(error)) return error;
  return new MicrovmError("build-failed", `Cannot build "${storePathName(recipe)}": ${messageOf(error)}`, {
    hint: `Nothing of it was kept; look at what the build of "${recipe.name}" needs, then run the command again`,
    cause: error,
  });
}

/** A full disk, wherever in the chain of causes it stands, becomes `no-space`; any other error is given back. */
export function explainStoreFailure(directory: string, error: unknown): unknown {
  const full = fullDiskBelow(error);
  return full ? explainFullDisk(full, directory) : error;
}

function fullDiskBelow(error: unknown): Error | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (systemCode(cause) === "ENOSPC" || systemCode(cause) === "EDQUOT") return cause;
    if (cause instanceof MicrovmError && cause.code === "no-space") return cause;
  }
  return undefined;
}
