/** Where the projects are that a host's references name. */
import { findProjectFile, type ProjectLocation } from "../config/index.ts";
import { MicrovmError } from "../errors.ts";

/**
 * The project that a reference names; relative ones are relative to `directory`. Errors: `config-not-found`,
 * `unsupported` for a reference that is no path.
 */
export async function locateProject(reference: string, directory: string): Promise<ProjectLocation> {
  const path = reference.replace(/^path:/, "");
  if (/^[a-z][a-z0-9+.-]*:/.test(path)) {
    throw new MicrovmError("unsupported", `References such as "${reference}" are not known to this version`, {
      hint: 'Use a path: "path:/etc/microvm#NAME"',
    });
  }
  return findProjectFile(path, directory);
}

/** A reference as it is kept: a relative path made absolute, so that it means the same from everywhere. */
export function absoluteReference(reference: string, directory: string): string {
  const [, path, name = ""] = /^(?:path:)?([^#]*)(#.*)?$/.exec(reference) ?? [];
  if (path === undefined || /^[a-z][a-z0-9+.-]*:/.test(path) || path.startsWith("/")) return reference;
  return `path:${new URL(path || ".", `file://${directory}/`).pathname.replace(/\/$/, "")}${name}`;
}
