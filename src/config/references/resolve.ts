/**
 * From a reference to a project on this machine.
 *
 *   path, `path:`            it stays where it is
 *   `git+file:`, changed     the work tree, as it is, with a warning
 *   `git+…`                  ──▶ the commit (pinned, or asked) ──▶ the mirror has it, or it is fetched ──▶ its tree in the store
 */
import { findProject, type ProjectLocation } from "../find-project.ts";
import { parseReference } from "./reference.ts";
import type { ResolveOptions } from "./resolve-options.ts";

/**
 * The project that a reference names; of a repository, fetched into the store when it is not there. Errors:
 * `reference-invalid`, `unsupported`, `reference-not-found`, `repository-unreachable`, `config-not-found`,
 * `checksum-mismatch` when the tree is not the pinned one, `tool-missing` without git, and the store's.
 */
export async function resolveReference(text: string, options: ResolveOptions): Promise<ProjectLocation> {
  const reference = parseReference(text);
  if (reference.type === "path") return findProject(reference, options.workingDirectory);
  // What fetches is loaded when it is needed: most projects are on this machine.
  const { changedWorkTree } = await import("./work-tree.ts");
  const changed = options.pinned ? undefined : await changedWorkTree(reference, options.signal);
  if (changed === undefined) {
    const { fetchProject } = await import("./fetch-project.ts");
    return fetchProject(reference, options);
  }
  const { path, why } = changed;
  options.onWarning?.(`"${path}" ${why}: it is taken as it is`);
  const { dir, name } = reference;
  return findProject({ path, ...(dir !== undefined && { dir }), ...(name !== undefined && { name }) });
}

/** How a reference stands to what was made from it. */
export interface ReferenceState {
  /** The commit that it names now; undefined for a project that lies on this machine and may change at any time. */
  readonly rev: string | undefined;
  /** Undefined when only an evaluation can tell. */
  readonly isOutdated: boolean | undefined;
}

/**
 * Whether a reference names another commit now than the one something was made from. The repository is asked, and
 * nothing is fetched. Errors: as `resolveReference`.
 */
export async function checkReference(
  text: string,
  madeFrom: string | undefined,
  signal?: AbortSignal,
): Promise<ReferenceState> {
  const reference = parseReference(text);
  const onThisMachine = { rev: undefined, isOutdated: undefined };
  if (reference.type === "path") return onThisMachine;
  const { changedWorkTree } = await import("./work-tree.ts");
  if (await changedWorkTree(reference, signal)) return onThisMachine;
  const { currentRevision } = await import("./remote.ts");
  const rev = await currentRevision(reference, signal);
  return { rev, isOutdated: rev !== madeFrom };
}
