/** What the repository of a reference has now, asked without fetching anything. */
import { MicrovmError } from "../../errors.ts";
import { suggest } from "../../module-system/index.ts";
import { quoteWord } from "../../os/processes.ts";
import { explainGit, gitOutside } from "./git.ts";
import type { GitReference } from "./reference.ts";

/**
 * The commit that a reference names now: its `rev`, else what its branch or tag is at, else what `HEAD` is at. Errors:
 * `reference-not-found`, `repository-unreachable`, `permission-denied`, `tool-missing`.
 */
export async function currentRevision(reference: GitReference, signal?: AbortSignal): Promise<string> {
  if (reference.rev !== undefined) return reference.rev;
  const names = candidates(reference.ref);
  const found = await listRefs(reference, names, signal);
  const name = names.find((one) => found.has(one));
  if (name !== undefined) return found.get(name)!;
  throw await unknownRef(reference, signal);
}

/** The names that a `ref` may mean, the wanted one first. A tag that is an object of its own is taken for its commit. */
function candidates(ref: string | undefined): readonly string[] {
  if (ref === undefined) return ["HEAD"];
  if (ref.startsWith("refs/")) return [`${ref}^{}`, ref];
  return [`refs/heads/${ref}`, `refs/tags/${ref}^{}`, `refs/tags/${ref}`];
}

/** Commits by name. Git takes the names as endings of longer ones, so there may be more than was asked for. */
async function listRefs(
  reference: GitReference,
  names: readonly string[],
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, string>> {
  const result = await gitOutside(
    reference,
    undefined,
    ["ls-remote", "--quiet", "--", reference.url, ...names],
    { signal },
  );
  if (result.code !== 0) throw explainGit(reference, result);
  const lines = result.stdout.toString().split("\n");
  return new Map(
    lines.flatMap((line) => {
      const [, hash, name] = /^([0-9a-f]{40}|[0-9a-f]{64})\t(.+)$/.exec(line) ?? [];
      return name === undefined ? [] : [[name, hash!]];
    }),
  );
}

async function unknownRef(reference: GitReference, signal: AbortSignal | undefined): Promise<MicrovmError> {
  const { ref, url } = reference;
  const all = await listRefs(reference, ["refs/heads/*", "refs/tags/*"], signal);
  const names = [...all.keys()].flatMap(
    (name) => /^refs\/(?:heads|tags)\/(.*?)(?:\^\{\})?$/.exec(name)?.[1] ?? [],
  );
  if (ref === undefined) {
    return new MicrovmError(
      "reference-not-found",
      `The repository "${url}" has no commit that its HEAD names`,
      {
        hint: names.length > 0 ? `Choose a branch with ?ref=${names[0]}` : "Commit something there first",
      },
    );
  }
  const near = suggest(ref, names);
  const meant = near === undefined ? "" : `; did you mean "${near}"`;
  return new MicrovmError(
    "reference-not-found",
    `The repository "${url}" has no branch or tag "${ref}"${meant}`,
    {
      hint: `See what it has: git ls-remote ${quoteWord(url)}`,
    },
  );
}
