/** Writing store paths, with all that they need, as a stream: see `stream-format.ts`. */
import { MicrovmError } from "../errors.ts";
import { readAttributes } from "../os/attributes.ts";
import { closeSync, lstatSync, openSync, readlinkSync, readSync } from "../os/files.ts";
import { dependentsFirst } from "./reachable.ts";
import { type NamedKey, signText } from "./signing-keys.ts";
import type { Store } from "./store.ts";
import { attributesRecord, type EntryRecord, encodeRecord, MAGIC, signedText } from "./stream-format.ts";
import { openTemporaryRoots } from "./temporary-roots.ts";
import { summariseTree, type TreeEntry, walkTree } from "./tree.ts";

/** How much of a file is read at once, in bytes. */
const CHUNK = 1 << 18;

/** How a stream is written. */
export interface ExportOptions {
  /** Signs every path; absent: the stream is not signed. */
  readonly key?: NamedKey;
  readonly onProgress?: (done: number, total: number, name: string) => void;
}

/**
 * The stream of these paths and all that they need. A path that is not what its record says is not exported
 * (`store-damaged`); other errors: `store-invalid`, `tool-missing` (perl), `unsupported` (sockets and devices).
 */
export async function* exportClosure(
  store: Store,
  names: readonly string[],
  options: ExportOptions = {},
): AsyncGenerator<Buffer> {
  await using roots = openTemporaryRoots(store.directory);
  await roots.add(names);
  const closure = store.closure(names);
  const ordered = dependentsFirst(closure, (name) => store.info(name).references).reverse();
  yield Buffer.from(MAGIC);
  for (const [done, name] of ordered.entries()) {
    options.onProgress?.(done, ordered.length, name);
    yield* exportPath(store, name, options.key);
  }
  yield encodeRecord({ done: ordered.length, roots: names });
}

async function* exportPath(store: Store, name: string, key: NamedKey | undefined): AsyncGenerator<Buffer> {
  const info = store.info(name);
  const root = store.pathOf(name);
  if ((await summariseTree(root)).digest !== info.digest) {
    throw new MicrovmError("store-damaged", `"${name}" is not what was built, and is not exported`, {
      hint: `Repair it: microvm store verify --repair ${name}`,
    });
  }
  const attributes = lstatSync(root).isDirectory() ? attributesRecord(await readAttributes(root)) : {};
  const head = { path: name, info, attributes };
  const signatures = key ? [signText(key, signedText(head))] : [];
  yield encodeRecord({ ...head, signatures });
  for (const entry of walkTree(root)) {
    yield encodeRecord(recordOf(entry));
    if (entry.stats.isFile()) yield* contentOf(entry.path, entry.stats.size);
  }
  yield encodeRecord({ end: name });
}

function recordOf({ path, relative, stats }: TreeEntry): EntryRecord {
  const common = { path: relative, mode: stats.mode & 0o7777, uid: stats.uid, gid: stats.gid };
  if (stats.isFile()) return { type: "file", ...common, size: stats.size };
  if (stats.isDirectory()) return { type: "directory", ...common };
  if (stats.isSymbolicLink()) return { type: "link", ...common, target: readlinkSync(path) };
  // overlayfs's mark of what a layer removes: a character device with the number 0.
  if (stats.isCharacterDevice() && stats.rdev === 0) return { type: "whiteout", ...common };
  throw new MicrovmError("unsupported", `"${path}" is a socket, a pipe or a device, and cannot be exported`);
}

/** The file's content, no more and no less than was announced. */
function* contentOf(path: string, size: number): Generator<Buffer> {
  const file = openSync(path, "r");
  try {
    for (let left = size; left > 0; ) {
      const buffer = Buffer.allocUnsafe(Math.min(left, CHUNK));
      const length = readSync(file, buffer, 0, buffer.length, null);
      if (length === 0) {
        throw new MicrovmError("store-damaged", `"${path}" became shorter while it was read`, {
          hint: "Export again",
        });
      }
      left -= length;
      yield buffer.subarray(0, length);
    }
  } finally {
    closeSync(file);
  }
}
