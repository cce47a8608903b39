import { dirname, join, resolve } from "node:path";
import { MicrovmError } from "../errors.ts";
import { existsSync, realpathSync, type Stats, statSync } from "../os/files.ts";
import { PROJECT_FILE } from "../paths.ts";
import { formatReference, type PathReference } from "./references/reference.ts";

/** Where a project is, and which of its VMs is meant. Paths are absolute and without symbolic links. */
export interface ProjectLocation {
  /** The project file. */
  readonly file: string;
  /** The directory it is in. */
  readonly directory: string;
  /** The tree that its evaluation may read: its directory, or one around it. */
  readonly root: string;
  /** The reference that its hosts are told of themselves: to this very state, as far as that can be said. */
  readonly self: string;
  /** What stood after `#`. */
  readonly name?: string;
  /** Where it was fetched from; absent for a project that lies where the person has it. */
  readonly fetched?: FetchedFrom;
}

/** A commit, as a lock pins it. */
export interface PinnedReference {
  /** Whole hash of the commit. */
  readonly rev: string;
  /** When the commit was made, in seconds since 1970. Absent when that is not known any more. */
  readonly lastModified?: number;
  /** Of the tree in the store. */
  readonly digest: string;
}

/** What a fetched project came from. */
export interface FetchedFrom {
  /** The reference as a lock calls it: in its canonical form, without `#NAME`. */
  readonly reference: string;
  readonly pin: PinnedReference;
}

/** Names of project files, in the order in which they are looked for. */
const PROJECT_FILES = [
  PROJECT_FILE,
  ...[".js", ".mjs"].map((extension) => PROJECT_FILE.replace(/\.ts$/, extension)),
];

/** The project file in a directory, absolute; undefined when there is none. */
export function projectFileIn(directory: string): string | undefined {
  const name = PROJECT_FILES.find((candidate) => existsSync(join(directory, candidate)));
  return name === undefined ? undefined : join(directory, name);
}

/** Finds the project that a path names: its directory or its file. Errors: `config-not-found`. */
export function findProject(
  { path, dir, name }: Omit<PathReference, "type">,
  workingDirectory: string = process.cwd(),
): ProjectLocation {
  const top = resolve(workingDirectory, path);
  const given = dir === undefined ? top : join(top, dir);
  const status: Stats | undefined = statSync(given, { throwIfNoEntry: false });
  if (!status) {
    throw new MicrovmError(
      "config-not-found",
      `There is no project at "${given}": no such file or directory`,
      {
        hint: `Name a directory with a ${PROJECT_FILE}, or the file itself`,
      },
    );
  }
  const file = realpathSync(status.isDirectory() ? findIn(given) : given);
  return { ...locationOf(file, dir === undefined ? undefined : realpathSync(top)), ...(name && { name }) };
}

/** The location of a project file; `top` is the tree that it belongs to. */
function locationOf(file: string, top: string | undefined): Omit<ProjectLocation, "name"> {
  const directory = dirname(file);
  // A link may have led out of the tree: to the person's own files, so that is theirs to do.
  const root = top !== undefined && directory.startsWith(`${top}/`) ? top : directory;
  const dir = directory.slice(root.length + 1);
  const self = formatReference({ type: "path", path: root, ...(dir !== "" && { dir }) });
  return { file, directory, root, self };
}

function findIn(directory: string): string {
  const file = projectFileIn(directory);
  if (file !== undefined) return file;
  throw new MicrovmError("config-not-found", `There is no ${PROJECT_FILE} in "${directory}"`, {
    hint: 'Run "microvm init" to write one, or name another directory',
  });
}
