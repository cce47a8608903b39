/** What a person means by the name of a store path. */
import { MicrovmError } from "../errors.ts";
import { lstatSync } from "../os/files.ts";
import { presentNames } from "./names.ts";
import { targetOf } from "./roots.ts";

/** How many candidates an error lists. */
const SHOWN = 5;

/** Length of a store path's hash and the dash behind it. */
const HASH_LENGTH = 33;

/**
 * The name of the store path that a text means: a path or link that leads to it or into it, its name, a VM whose
 * link (as `linkOf` says) leads to it, the beginning of its name, or its name without the hash. Errors:
 * `path-not-found`, also when it could be several.
 */
export function findPath(
  storeDirectory: string,
  text: string,
  linkOf: (vm: string) => string | undefined = () => undefined,
): string {
  const names = presentNames(storeDirectory);
  const isThere = (name: string | undefined) => name !== undefined && names.includes(name);
  const led = lstatSync(text, { throwIfNoEntry: false }) && targetOf(storeDirectory, text);
  if (isThere(led)) return led!;
  if (isThere(text)) return text;
  const link = linkOf(text);
  const run = link === undefined ? undefined : targetOf(storeDirectory, link);
  if (isThere(run)) return run!;
  const candidates = [
    names.filter((name) => name.slice(HASH_LENGTH) === text),
    names.filter((name) => name.startsWith(text)),
  ].find((some) => some.length > 0 && text !== "");
  if (candidates?.length === 1) return candidates[0]!;
  throw candidates ? ambiguous(text, candidates) : notFound(storeDirectory, text);
}

function ambiguous(text: string, candidates: readonly string[]): MicrovmError {
  const more = candidates.length > SHOWN ? `, and ${candidates.length - SHOWN} more` : "";
  return new MicrovmError(
    "path-not-found",
    `"${text}" may be any of ${candidates.length} store paths: "${candidates.slice(0, SHOWN).join('", "')}"${more}`,
    { hint: "Give more of the name, from its beginning" },
  );
}

function notFound(storeDirectory: string, text: string): MicrovmError {
  return new MicrovmError("path-not-found", `The store "${storeDirectory}" has no path "${text}"`, {
    hint: "Give the path or name of a store path, a link that leads to one, or the name of an installed VM",
  });
}
