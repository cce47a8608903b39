/** The commit that a deployed VM was made from: by it a reference is asked for something newer, and nothing fetched. */
import { join } from "node:path";
import { readTextIfExists, rmSync, writeFileAtomically } from "../os/files.ts";
import { vmNames } from "../paths.ts";

/**
 * The commit that the installed runner was made from; undefined when it is of no repository, or was installed by
 * something that did not say so. `runner` is the name of its store path.
 */
export function revisionOf(
  stateDirectory: string,
  name: string,
  runner: string | undefined,
): string | undefined {
  const text = readTextIfExists(join(stateDirectory, name, vmNames.revision)) ?? "";
  const [, madeFor, rev] = /^(\S+) ([0-9a-f]{40,64})\n$/.exec(text) ?? [];
  return madeFor === runner ? rev : undefined;
}

/** Writes down which commit a runner was made from, or that it was none. */
export function writeRevision(
  stateDirectory: string,
  name: string,
  runner: string,
  rev: string | undefined,
): void {
  const file = join(stateDirectory, name, vmNames.revision);
  if (rev === undefined) rmSync(file, { force: true });
  else writeFileAtomically(file, `${runner} ${rev}\n`);
}
