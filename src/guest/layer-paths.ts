/** Paths in layers. Packages may put links anywhere; none of them leads the program out onto the host. */
import { join } from "node:path";
import { MicrovmError } from "../errors.ts";
import { lstatSync, readFileSync, type Stats } from "../os/files.ts";

/** Something in a layer. */
interface InLayer {
  /** Absolute. */
  readonly path: string;
  /** Of itself, also when it is a link. */
  readonly stats: Stats;
}

/** What has this path (relative) in a layer; undefined when nothing has, or when a directory above it is a link. */
export function findInLayer(layer: string, path: string): InLayer | undefined {
  let found: InLayer | undefined;
  for (const part of path.split("/")) {
    if (found && !found.stats.isDirectory()) return undefined;
    const next = join(found?.path ?? layer, part);
    const stats = lstatSync(next, { throwIfNoEntry: false });
    if (!stats) return undefined;
    found = { path: next, stats };
  }
  return found;
}

/** The content of a regular file in a layer. Anything else at its place, links included, is an error. */
export function readInLayer(layer: string, path: string): Buffer {
  const found = findInLayer(layer, path);
  if (found?.stats.isFile()) return readFileSync(found.path);
  throw new MicrovmError("package-invalid", `The packages have no regular file "/${path}"`);
}
