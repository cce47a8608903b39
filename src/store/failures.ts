/** What went wrong, for a person. */
import { MicrovmError, messageOf, systemCode } from "../errors.ts";
import { explainFullDisk } from "../os/files.ts";
import type { BuildLog } from "./log.ts";
import { type Recipe, storePathName } from "./recipe.ts";

/** How many of a log's last lines an error shows. */
const SHOWN_LINES = 30;

/**
 * What a builder threw: errors for people are passed on, and so is a full disk; others say what was built. When the
 * build has a log, the error shows its end and says where the whole of it is.
 */
export function explainBuildFailure(recipe: Recipe, error: unknown, log: BuildLog): unknown {
  if (fullDiskBelow(error)) return error;
  const lines = log.lastLines(SHOWN_LINES);
  if (lines === "") return error instanceof MicrovmError ? error : unexpected(recipe, error);
  const isExpected = error instanceof MicrovmError;
  const file = log.keptAt();
  const hint = `The lines above are the end of ${file ? `the build's log, "${file}"` : "what was printed"}`;
  return new MicrovmError(
    isExpected ? error.code : "build-failed",
    `${isExpected ? error.message : cannotBuild(recipe, error)}\n${lines}`,
    { hint: isExpected && error.hint ? `${hint}. ${error.hint}` : hint, cause: error },
  );
}

function unexpected(recipe: Recipe, error: unknown): MicrovmError {
  return new MicrovmError("build-failed", cannotBuild(recipe, error), {
    hint: `Nothing of it was kept; look at what the build of "${recipe.name}" needs, then run the command again`,
    cause: error,
  });
}

function cannotBuild(recipe: Recipe, error: unknown): string {
  return `Cannot build "${storePathName(recipe)}": ${messageOf(error)}`;
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
