import { dirname, join, resolve } from "node:path";
import { MicrovmError } from "../errors.ts";
import { existsSync, realpathSync, type Stats, statSync } from "../os/files.ts";
import { PROJECT_FILE } from "../paths.ts";

/** Where a project is, and which of its VMs is meant. */
export interface ProjectLocation {
  /** The project file; an absolute path without symbolic links. */
  readonly file: string;
  /** The directory it is in. */
  readonly directory: string;
  /** What stood after `#`. */
  readonly name?: string;
}

/** Names of project files, in the order in which they are looked for. */
const PROJECT_FILES = [
  PROJECT_FILE,
  ...[".js", ".mjs"].map((extension) => PROJECT_FILE.replace(/\.ts$/, extension)),
];

/** Finds the project that a path names: its directory or its file, and `#name` for one of its VMs. */
export function findProjectFile(
  reference: string,
  workingDirectory: string = process.cwd(),
): ProjectLocation {
  const [, path, name] = /^(.*?)(?:#([^#]*))?$/s.exec(reference)!;
  const given = resolve(workingDirectory, path || ".");
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
  const file = status.isDirectory() ? findIn(given) : given;
  const real = realpathSync(file);
  return { file: real, directory: dirname(real), ...(name && { name }) };
}

function findIn(directory: string): string {
  const name = PROJECT_FILES.find((candidate) => existsSync(join(directory, candidate)));
  if (name) return join(directory, name);
  throw new MicrovmError("config-not-found", `There is no ${PROJECT_FILE} in "${directory}"`, {
    hint: 'Run "microvm init" to write one, or name another directory',
  });
}
