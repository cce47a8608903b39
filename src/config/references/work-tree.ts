/** Repositories on this machine that a person works in. */
import { MicrovmError } from "../../errors.ts";
import { existsSync } from "../../os/files.ts";
import { explainGit, gitLook } from "./git.ts";
import { formatReference, type GitReference } from "./reference.ts";
import { decoded } from "./words.ts";

/** A work tree that is not what any commit is. */
export interface ChangedWorkTree {
  /** Absolute. */
  readonly path: string;
  /** What stands against its last commit, for a person. */
  readonly why: string;
}

/**
 * The work tree that a reference means instead of a commit: that of a `git+file:` without `ref` and `rev`, when files
 * that git knows are not as they were committed, or nothing was committed yet. Errors: `reference-not-found` when the
 * directory is only a part of a repository, `permission-denied` when git does not trust its owner.
 */
export async function changedWorkTree(
  reference: GitReference,
  signal?: AbortSignal,
): Promise<ChangedWorkTree | undefined> {
  const { transport, url, ref, rev } = reference;
  if (transport !== "file" || ref !== undefined || rev !== undefined) return undefined;
  const path = decoded(url.slice("file://".length))!;
  if (!existsSync(path)) return undefined;
  const look = (...args: string[]) => gitLook(path, args, { signal });
  const inside = await look("rev-parse", "--show-prefix", "--is-inside-work-tree");
  if (inside.code !== 0 && /dubious ownership/.test(inside.said)) throw explainGit(reference, inside);
  const [prefix = "", isWorkTree] = inside.stdout.toString().split("\n");
  if (inside.code !== 0 || isWorkTree !== "true") return undefined;
  if (prefix !== "") throw notTheTop(reference, path, prefix.replace(/\/$/, ""));
  if ((await look("rev-parse", "--verify", "--quiet", "HEAD^{commit}")).code !== 0) {
    return { path, why: "has no commit yet" };
  }
  const status = await look("status", "--porcelain", "--untracked-files=no", "--ignore-submodules=all");
  if (status.code !== 0) throw explainGit(reference, status);
  return status.stdout.length > 0 ? { path, why: "has changes that are not committed" } : undefined;
}

function notTheTop(reference: GitReference, path: string, prefix: string): MicrovmError {
  const top = reference.url.slice(0, -(encodeURI(prefix).length + 1));
  const dir = reference.dir === undefined ? prefix : `${prefix}/${reference.dir}`;
  return new MicrovmError(
    "reference-not-found",
    `"${path}" is a directory of a git repository, not the repository`,
    {
      hint: `Write ${formatReference({ ...reference, url: top, dir })}`,
    },
  );
}
