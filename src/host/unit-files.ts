/** The files of a host on its machine: which are there, what would change, and changing them. */
import { dirname, join } from "node:path";
import { MicrovmError, systemCode } from "../errors.ts";
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readTextIfExists,
  renameSync,
  rmSync,
  type Stats,
  symlinkSync,
  writeFileAtomically,
} from "../os/files.ts";
import { KEPT_DROP_IN } from "../paths.ts";
import { keptChanges } from "./hand-edits.ts";
import type { HostFile } from "./host-record.ts";
import { TARGET } from "./names.ts";
import { authorOf } from "./unit-text.ts";

/** What bringing a directory to a wanted state takes. Paths are below it. */
export interface FileChanges {
  readonly written: readonly string[];
  readonly removed: readonly string[];
  /** Units that were changed by hand, and the drop-in that keeps the change. */
  readonly kept: readonly KeptChange[];
}

/** A change by hand. */
export interface KeptChange {
  readonly path: string;
  readonly dropIn: string;
  readonly text: string;
}

/** Files that a host's store path may have below the directory of units. */
const OWN_UNIT = /^(install-)?microvms?[-@.]/;

/** The program's own files there now, whatever made them: by path, their text or where they lead. */
export function installedUnits(directory: string): Map<string, HostFile> {
  const found = new Map<string, HostFile>();
  const add = (path: string) => {
    const file = readHostFile(join(directory, path));
    if (file && isOwn(file)) found.set(path, file);
  };
  for (const entry of list(directory)) {
    if (entry.endsWith(".wants")) add(join(entry, TARGET));
    else if (!OWN_UNIT.test(entry)) continue;
    else if (entry.endsWith(".d")) for (const name of list(join(directory, entry))) add(join(entry, name));
    else add(entry);
  }
  return found;
}

function isOwn(file: HostFile): boolean {
  return "target" in file ? file.target === `../${TARGET}` : authorOf(file.text) !== "other";
}

/**
 * What makes these files the wanted ones. `former` has their texts as they were made, by which a change by hand is
 * told. A file of somebody else in the place of a wanted one is an error (`unit-foreign`).
 */
export function compareFiles(
  directory: string,
  installed: ReadonlyMap<string, HostFile>,
  wanted: ReadonlyMap<string, HostFile>,
  former: ReadonlyMap<string, HostFile>,
): FileChanges {
  const kept = [...installed].flatMap(([path, file]) => keptChange(directory, path, file, former.get(path)));
  const written = [...wanted]
    .filter(([path, file]) => !isSame(installed.get(path), file))
    .map(([path]) => path);
  for (const path of written) {
    if (!installed.has(path)) refuseForeign(join(directory, path));
  }
  return { written, removed: [...installed.keys()].filter((path) => !wanted.has(path)), kept };
}

function keptChange(
  directory: string,
  path: string,
  file: HostFile,
  former: HostFile | undefined,
): KeptChange[] {
  if (!("text" in file) || authorOf(file.text) !== "changed") return [];
  const inDropIns = dirname(path);
  const dropIns = inDropIns.endsWith(".d") ? inDropIns : `${path}.d`;
  const text = keptChanges(file.text, former && "text" in former ? former.text : "");
  return text === "" ? [] : [{ path, dropIn: dropInFor(directory, dropIns, text), text }];
}

/** A name that no drop-in has yet, or one that says the same already. */
function dropInFor(directory: string, dropIns: string, text: string): string {
  for (let count = 0; ; count++) {
    const name = count === 0 ? KEPT_DROP_IN : KEPT_DROP_IN.replace(".conf", `-${count}.conf`);
    const there = readTextIfExists(join(directory, dropIns, name));
    if (there === undefined || there === text) return join(dropIns, name);
  }
}

function refuseForeign(path: string): void {
  const there = readHostFile(path);
  if (there === undefined) return;
  throw new MicrovmError("unit-foreign", `"${path}" is there and was not made by microvm`, {
    hint: "Move it away, or give it another name",
  });
}

/** Makes the changes: each file by a rename, so that it is the old one or the new one. */
export function applyFiles(
  directory: string,
  { written, removed, kept }: FileChanges,
  wanted: ReadonlyMap<string, HostFile>,
): void {
  for (const { dropIn, text } of kept) {
    mkdirSync(dirname(join(directory, dropIn)), { recursive: true, mode: 0o755 });
    writeFileAtomically(join(directory, dropIn), text);
  }
  for (const path of written) {
    const file = wanted.get(path)!;
    const place = join(directory, path);
    mkdirSync(dirname(place), { recursive: true, mode: 0o755 });
    if ("text" in file) writeFileAtomically(place, file.text);
    else {
      rmSync(`${place}.new`, { force: true });
      symlinkSync(file.target, `${place}.new`);
      renameSync(`${place}.new`, place);
    }
  }
  for (const path of removed) {
    rmSync(join(directory, path), { force: true });
    removeIfEmpty(join(directory, dirname(path)), directory);
  }
}

function removeIfEmpty(path: string, top: string): void {
  if (path !== top && list(path).length === 0) rmSync(path, { recursive: true, force: true });
}

/** A file or a link; undefined when there is neither. */
export function readHostFile(path: string): HostFile | undefined {
  const status = statusOf(path);
  if (!status) return undefined;
  if (status.isSymbolicLink()) return { target: readlinkSync(path) };
  // Of a directory in a unit's place nothing can be read; it is somebody else's.
  return { text: status.isFile() ? readFileSync(path, "utf8") : "" };
}

function statusOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    // A file where a directory should be: writing there will say so.
    if (systemCode(error) === "ENOTDIR") return undefined;
    throw error;
  }
}

function isSame(a: HostFile | undefined, b: HostFile): boolean {
  if (a === undefined) return false;
  return "text" in a ? "text" in b && a.text === b.text : "target" in b && a.target === b.target;
}

/** Names in a directory; none when it cannot be read. */
export function list(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
