/** Copies between host and guest, by the guest's own tar and its agent. */
import { basename, dirname, join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { MicrovmError } from "../errors.ts";
import {
  existsSync,
  lstatSync,
  mkdtempSync,
  realpathSync,
  removeTree,
  renameSync,
  statSync,
} from "../os/files.ts";
import { printable } from "../os/printable.ts";
import type { GuestAgent } from "./guest-agent.ts";
import { extractTar } from "./tar-reader.ts";
import { type CopyProgress, tarOf } from "./tar-writer.ts";

/** What a copy is called in its archive. */
const TOP = "x";

/** How much of a guest's words an error shows, in characters. */
const LONGEST_REASON = 1000;

/** In the guest. Arguments: where to, and the name that it has there if that is a directory. It is whole or not there. */
export const RECEIVE_SCRIPT = `
target=$1
case $target in */) [ -d "$target" ] || { echo "$target: no such directory" >&2; exit 1; } ;; esac
[ ! -d "$target" ] || target=\${target%/}/$2
temporary=$(mktemp -d "$(dirname "$target")/.microvm-cp.XXXXXX") || exit
trap 'rm -rf "$temporary"' EXIT
tar -x -p -f - -C "$temporary" || exit
if [ -d "$temporary/${TOP}" ] && [ ! -L "$temporary/${TOP}" ] && [ -d "$target" ]; then
  cp -a "$temporary/${TOP}/." "$target/"
else
  mv -f "$temporary/${TOP}" "$target"
fi
`;

/** In the guest. Arguments: directory, name in it, and `h` to follow links, for one file. */
export const SEND_SCRIPT = `
cd "$1" || exit
if [ -n "$3" ] && [ -d "$2" ]; then
  echo "$2: is a directory" >&2
  exit 1
fi
exec tar -c"$3"f - -- "$2"
`;

/** Copies a file, or with `recursive` a tree, into the guest. Errors: `guest-failed`, `bad-usage`. */
export async function copyTo(
  agent: GuestAgent,
  source: string,
  target: string,
  recursive: boolean,
  progress: CopyProgress,
): Promise<void> {
  const stats = recursive ? lstatSync(source) : statSync(source);
  if (stats.isDirectory() && !recursive) throw needsRecursive(source);
  // Without `recursive` the file is meant, wherever a link to it lies.
  const file = recursive ? source : realFile(source);
  const input = Readable.from(tarOf(file, TOP, progress), { objectMode: false });
  await run(agent, ["/bin/sh", "-c", RECEIVE_SCRIPT, "sh", target, basename(source)], { input });
}

/** Copies a file, or with `recursive` a tree, out of the guest. It is whole or not there. Errors: `guest-failed`, `bad-usage`. */
export async function copyFrom(
  agent: GuestAgent,
  source: string,
  target: string,
  recursive: boolean,
  progress: CopyProgress,
): Promise<void> {
  const path = source.replace(/\/+$/, "") || "/";
  const name = basename(path) || ".";
  const place = existsSync(target) && statSync(target).isDirectory() ? join(target, name) : target;
  const temporary = mkdtempSync(join(dirname(place), ".microvm-cp."));
  try {
    const archive = new PassThrough();
    const extracted = extractTar(archive, temporary, name, progress);
    extracted.catch((error: Error) => archive.destroy(error));
    const sending = run(
      agent,
      ["/bin/sh", "-c", SEND_SCRIPT, "sh", dirname(path), name, recursive ? "" : "h"],
      {},
      archive,
    ).finally(() => archive.end());
    // What the guest's tar complains of explains an archive that is cut short.
    await Promise.race([sending, extracted.then(() => sending)]);
    const kind = await extracted;
    if (kind === "directory" && !recursive) throw needsRecursive(source);
    put(join(temporary, name), place, kind === "directory");
  } finally {
    await removeTree(temporary);
  }
}

/** A file replaces a file; a tree replaces nothing. */
function put(from: string, place: string, isTree: boolean): void {
  if (isTree && existsSync(place)) {
    throw new MicrovmError("bad-usage", `"${place}" is there already`, {
      hint: "Remove it first, or copy to another name",
    });
  }
  renameSync(from, place);
}

async function run(
  agent: GuestAgent,
  command: readonly string[],
  options: { readonly input?: Readable },
  archive?: PassThrough,
): Promise<void> {
  let words = "";
  const output = {
    stdout: (chunk: Buffer) => write(archive, chunk),
    stderr: (chunk: Buffer) => {
      words = (words + chunk).slice(-LONGEST_REASON);
    },
  };
  const code = await agent.exec(command, output, options);
  if (code === 0) return;
  const reason = printable(words).trim() || `exit status ${code}`;
  throw new MicrovmError("guest-failed", `The guest cannot copy that: ${reason}`, {
    hint: "Nothing was copied; see whether the path is there and the guest's disk has room",
  });
}

function write(archive: PassThrough | undefined, chunk: Buffer): void | Promise<void> {
  if (!archive || archive.destroyed) {
    if (archive?.errored) throw archive.errored;
    return;
  }
  if (archive.write(chunk)) return;
  return new Promise((resolve) => {
    const done = () => {
      archive.off("drain", done).off("close", done);
      resolve();
    };
    archive.on("drain", done).on("close", done);
  });
}

function realFile(path: string): string {
  const stats = statSync(path);
  if (stats.isFile()) return realpathSync(path);
  throw new MicrovmError("bad-usage", `"${path}" is no file`, {
    hint: "Only files and directories can be copied",
  });
}

function needsRecursive(path: string): MicrovmError {
  return new MicrovmError("bad-usage", `"${path}" is a directory`, { hint: 'Copy it with "--recursive"' });
}
