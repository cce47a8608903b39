/** Projects from repositories, as trees in the store. */
import { dirname, join } from "node:path";
import { MicrovmError } from "../../errors.ts";
import { suggest } from "../../module-system/index.ts";
import { readdirSync, realpathSync, statSync } from "../../os/files.ts";
import { quoteWord } from "../../os/processes.ts";
import { PROJECT_FILE } from "../../paths.ts";
import { storePathName } from "../../store/recipe.ts";
import { openStore } from "../../store/store.ts";
import { type ProjectLocation, projectFileIn } from "../find-project.ts";
import { fetchCommit } from "./mirror.ts";
import { formatReference, type GitReference, withoutName } from "./reference.ts";
import { currentRevision } from "./remote.ts";
import type { ResolveOptions } from "./resolve-options.ts";
import { buildGitSource, commitTime, sourceRecipe } from "./source.ts";

/**
 * The project of a commit: the pinned one, else the one that the reference names now. Errors: as `resolveReference`.
 */
export async function fetchProject(
  reference: GitReference,
  options: ResolveOptions,
): Promise<ProjectLocation> {
  const { pinned, storeDirectory, signal } = options;
  const rev = pinned?.rev ?? (await currentRevision(reference, signal));
  const tree = await sourceOf(reference, rev, options);
  const { digest } = openStore(storeDirectory).info(storePathName(sourceRecipe(rev)));
  const shown = formatReference(withoutName(reference));
  if (pinned && pinned.digest !== digest) {
    throw new MicrovmError(
      "checksum-mismatch",
      `The tree of "${shown}" at "${rev}" has the digest "${digest}", and the lock says "${pinned.digest}"`,
      { hint: `If that is meant, take it: microvm lock --update ${quoteWord(shown)}` },
    );
  }
  const lastModified = pinned?.lastModified ?? (await commitTime(storeDirectory, rev));
  const file = findInTree(tree, reference, shown);
  const { name } = reference;
  return {
    file,
    directory: dirname(file),
    root: tree,
    self: formatReference({ ...withoutName(reference), rev }),
    ...(name !== undefined && { name }),
    fetched: {
      reference: shown,
      pin: { rev, digest, ...(lastModified !== undefined && { lastModified }) },
    },
  };
}

/** The tree of a commit in the store. Nothing is asked when it is there. */
async function sourceOf(reference: GitReference, rev: string, options: ResolveOptions): Promise<string> {
  const { storeDirectory, signal, roots } = options;
  const recipe = sourceRecipe(rev);
  const store = openStore(storeDirectory);
  store.prepare();
  await roots?.add([storePathName(recipe)], signal);
  if (!store.has(recipe)) await fetchCommit(reference, rev, options);
  const path = await store.realise(recipe, {
    builders: { "git-source": buildGitSource },
    ...(signal && { signal }),
    ...(roots && { roots }),
  });
  return realpathSync(path);
}

function findInTree(tree: string, { dir }: GitReference, shown: string): string {
  const directory = dir === undefined ? tree : join(tree, dir);
  const projects = () => projectDirectories(tree, "", 0);
  if (dir !== undefined && !statSync(directory, { throwIfNoEntry: false })?.isDirectory()) {
    const near = suggest(dir, projects());
    const meant = near === undefined ? "" : `; did you mean "${near}"`;
    throw new MicrovmError("reference-not-found", `There is no directory "${dir}" in "${shown}"${meant}`, {
      hint: hintOf(projects()),
    });
  }
  const file = projectFileIn(directory);
  if (file !== undefined) return file;
  throw new MicrovmError("config-not-found", `There is no ${PROJECT_FILE} in "${shown}"`, {
    hint: hintOf(projects()),
  });
}

function hintOf(directories: readonly string[]): string {
  const [first] = directories;
  if (first === undefined) return `A project has a ${PROJECT_FILE}; nothing in that repository has`;
  const shown = directories.slice(0, 10).map((one) => (one === "" ? "its top" : `"${one}"`));
  return `It has projects in ${shown.join(", ")}: choose one with ?dir=`;
}

/** How deep projects are looked for, for a hint. */
const DEPTH = 4;

function projectDirectories(tree: string, directory: string, depth: number): readonly string[] {
  const inner = readdirSync(join(tree, directory), { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  );
  const below =
    depth === DEPTH
      ? []
      : inner.flatMap(({ name }) => projectDirectories(tree, join(directory, name), depth + 1));
  return projectFileIn(join(tree, directory)) === undefined ? below : [directory, ...below];
}
