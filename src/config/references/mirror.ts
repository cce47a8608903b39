/** Bare repositories in the store that projects are fetched into: an update brings only what is new. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { MicrovmError, systemCode } from "../../errors.ts";
import {
  existsSync,
  mkdirSync,
  readNamesIfExists,
  removeTree,
  rmSync,
  utimesSync,
  writeFileSync,
} from "../../os/files.ts";
import { lockFile } from "../../os/locks.ts";
import { storeNames } from "../../paths.ts";
import { repositoryLock } from "../../store/repositories.ts";
import { explainGit, gitInside, gitOutside } from "./git.ts";
import type { GitReference } from "./reference.ts";
import type { ResolveOptions } from "./resolve-options.ts";

/** Where fetched commits get a name, so that the next fetch tells the server that they are here. */
const FETCHED = "refs/microvm/";

/** File in a mirror that something is being fetched into. */
const UNFINISHED = "unfinished";

/**
 * Makes sure that a commit is in the mirror of its repository, which is asked only when it is not there. Errors:
 * `reference-not-found` for a commit that the repository does not have, and those of `currentRevision`.
 */
export async function fetchCommit(
  reference: GitReference,
  rev: string,
  options: ResolveOptions,
): Promise<void> {
  const { storeDirectory, onProgress, signal } = options;
  const name = mirrorName(reference.url, rev);
  const mirror = join(storeDirectory, storeNames.repositories, name);
  await using _ = await lockFile(repositoryLock(storeDirectory, name), signal ? { signal } : {});
  const unfinished = join(mirror, UNFINISHED);
  // A git that was killed may have left locks and halves.
  if (existsSync(unfinished)) await removeTree(mirror);
  if (existsSync(mirror) && (await hasCommit(mirror, rev))) return touch(mirror);
  onProgress?.(`Fetching ${reference.url}`);
  const isNew = !existsSync(mirror);
  mkdirSync(mirror, { recursive: true, mode: 0o700 });
  writeFileSync(unfinished, "");
  if (isNew) await initialise(mirror, rev);
  const found = await fetchFrom(reference, rev, mirror, signal);
  // Not reached when the person stopped it: then git was killed.
  rmSync(unfinished);
  touch(mirror);
  if (found) return;
  throw new MicrovmError("reference-not-found", `The repository "${reference.url}" has no commit "${rev}"`, {
    hint: "Check the hash; a commit that is on no branch and no tag needs its ?ref=refs/… beside it",
  });
}

/** Collections of garbage keep what was used lately. A store that cannot be written to is not collected either. */
function touch(mirror: string): void {
  try {
    utimesSync(mirror, new Date(), new Date());
  } catch (error) {
    if (systemCode(error) !== "EROFS" && systemCode(error) !== "EACCES" && systemCode(error) !== "EPERM")
      throw error;
  }
}

/** Whether the repository has the commit, which is then in the mirror. */
async function fetchFrom(
  reference: GitReference,
  rev: string,
  mirror: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  // Servers of this decade hand out any commit by its hash.
  const one = [reference.url, `+${rev}:${FETCHED}${rev}`];
  const result = await fetchInto(mirror, reference, ["--depth=1"], one, signal);
  if (result.code === 0 && (await hasCommit(mirror, rev))) return true;
  await fetchAll(mirror, reference, signal);
  return hasCommit(mirror, rev);
}

/** The mirror in this store that has a commit, if any does. */
export async function mirrorWith(storeDirectory: string, rev: string): Promise<string | undefined> {
  const parent = join(storeDirectory, storeNames.repositories);
  for (const name of readNamesIfExists(parent).sort()) {
    const mirror = join(parent, name);
    if (!(await hasCommit(mirror, rev))) continue;
    touch(mirror);
    return mirror;
  }
  return undefined;
}

/** Whole history, of all branches and tags: what older servers and plain files over HTTP can give. */
async function fetchAll(
  mirror: string,
  reference: GitReference,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { url, ref } = reference;
  const named = ref?.startsWith("refs/") ? [`+${ref}:refs/remote/named`] : [];
  const all = [url, "+refs/heads/*:refs/remote/heads/*", "+refs/tags/*:refs/remote/tags/*", ...named];
  const whole = existsSync(join(mirror, "shallow")) ? ["--unshallow"] : [];
  const result = await fetchInto(mirror, reference, ["--prune", ...whole], all, signal);
  if (result.code !== 0) throw explainGit(reference, result);
}

function fetchInto(
  mirror: string,
  reference: GitReference,
  how: readonly string[],
  what: readonly string[],
  signal: AbortSignal | undefined,
) {
  const quiet = ["--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head"];
  return gitOutside(reference, mirror, ["fetch", ...quiet, ...how, "--", ...what], { signal });
}

/** Repositories of both kinds of hashes cannot be one. */
function mirrorName(url: string, rev: string): string {
  return createHash("sha256").update(`${rev.length} ${url}`).digest("hex").slice(0, 32);
}

async function initialise(mirror: string, rev: string): Promise<void> {
  const format = `--object-format=${rev.length === 64 ? "sha256" : "sha1"}`;
  const { code, said } = await gitInside(mirror, ["init", "--bare", "--quiet", "--template=", format]);
  if (code !== 0)
    throw new MicrovmError("command-failed", `Cannot make a git repository in "${mirror}": ${said}`);
}

async function hasCommit(mirror: string, rev: string): Promise<boolean> {
  return (await gitInside(mirror, ["cat-file", "-e", `${rev}^{commit}`])).code === 0;
}
