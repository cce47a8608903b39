/**
 * Reading a stream of store paths into the store: see `stream-format.ts`.
 *
 * A path is taken when a trusted key signed it, its name is that of its recipe, what it needs is there, and what
 * came in has the digest that was signed. It is written in a workspace and put into place whole, like a build.
 */
import { join } from "node:path";
import { MicrovmError, messageOf, systemCode } from "../errors.ts";
import { writeAttributes } from "../os/attributes.ts";
import { removeTree } from "../os/files.ts";
import { syncFileSystem } from "../os/sync.ts";
import { claimPath } from "./claims.ts";
import { isPresent, prepareDirectory, syncNames } from "./directory.ts";
import { explainStoreFailure } from "./failures.ts";
import { type IncomingTree, writeIncoming } from "./incoming-tree.ts";
import { finish, placeFinished } from "./publish.ts";
import { isStorePathName } from "./recipe.ts";
import { type NamedKey, signerOf } from "./signing-keys.ts";
import { MAGIC, signedText } from "./stream-format.ts";
import { invalidStream, readStream, type StreamReader } from "./stream-reader.ts";
import { type CheckedPath, checkEntry, checkPathRecord, type TreeRules } from "./stream-records.ts";
import { openTemporaryRoots, type TemporaryRoots } from "./temporary-roots.ts";
import { openWorkspace } from "./workspace.ts";

/** What is taken, and how it is told. */
export interface ImportOptions {
  readonly trusted: readonly NamedKey[];
  /** Takes paths that no trusted key signed: whoever made the stream then decides what runs. */
  readonly allowUnsigned: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (count: number, name: string) => void;
  /** Keep what came in beyond the import, for as long as the caller holds them. */
  readonly roots?: TemporaryRoots;
}

/** What came of it: names of store paths. */
export interface Imported {
  readonly imported: readonly string[];
  /** Were there already, and were left as they are. */
  readonly present: readonly string[];
  /** What was exported; the others are what it needs. */
  readonly roots: readonly string[];
}

/** Most entries of one tree: ten times what a desktop system has. */
const MAX_ENTRIES = 4_000_000;

interface Run extends ImportOptions {
  readonly roots: TemporaryRoots;
  readonly directory: string;
  readonly reader: StreamReader;
  readonly workspace: string;
}

/**
 * Imports a stream. Errors: `stream-invalid`, `signature-invalid`, `no-space`, `permission-denied`, `tool-missing`.
 * Paths before the one at fault stay; each is whole, with all that it needs.
 */
export async function importClosure(
  directory: string,
  source: AsyncIterable<Uint8Array>,
  options: ImportOptions,
): Promise<Imported> {
  prepareDirectory(directory);
  await using own = openTemporaryRoots(directory);
  const roots = options.roots ?? own;
  await using workspace = await openWorkspace(directory, roots);
  const run = { ...options, roots, directory, reader: readStream(source), workspace: workspace.directory };
  try {
    const result = await importAll(run);
    syncNames(directory);
    return result;
  } catch (error) {
    throw explain(directory, error);
  }
}

/** A name that the file system does not take, and the like, is the stream's fault. */
function explain(directory: string, thrown: unknown): unknown {
  const error = explainStoreFailure(directory, thrown);
  if (error instanceof RangeError)
    return invalidStream("The stream has a record that is nested too deeply", error);
  if (error instanceof MicrovmError || systemCode(error) === undefined) return error;
  return invalidStream(`Cannot write what the stream has: ${messageOf(error)}`, error);
}

async function importAll(run: Run): Promise<Imported> {
  const { reader } = run;
  const magic = (await reader.bytes(MAGIC.length)).toString("latin1");
  if (magic !== MAGIC) {
    const isOurs = magic.startsWith(MAGIC.split(" ")[0]!);
    throw invalidStream(
      isOurs ? "The stream is of another version of the program" : "This is no stream of store paths",
    );
  }
  const imported: string[] = [];
  const present: string[] = [];
  for (;;) {
    run.signal?.throwIfAborted();
    const record = await reader.record();
    if ("done" in record) {
      await reader.end();
      return { imported, present, roots: checkEnd(record, [...imported, ...present]) };
    }
    const path = checkPathRecord(record);
    const name = path.record.path;
    run.onProgress?.(imported.length + present.length, name);
    await run.roots.add([name, ...path.record.info.references], run.signal);
    checkTrust(run, path);
    checkReferences(run, path);
    ((await importPath(run, path)) ? imported : present).push(name);
  }
}

function checkEnd({ done, roots }: Readonly<Record<string, unknown>>, names: readonly string[]): string[] {
  if (done !== names.length) throw invalidStream("The stream has not as many paths as it says");
  if (!Array.isArray(roots)) throw invalidStream("The stream does not say what it was made of");
  return roots.filter((name) => typeof name === "string" && isStorePathName(name) && names.includes(name));
}

function checkTrust({ trusted, allowUnsigned }: Run, { record }: CheckedPath): void {
  if (allowUnsigned || signerOf(trusted, record.signatures, signedText(record))) return;
  const by = record.signatures.map(({ key }) => JSON.stringify(key.slice(0, 64))).join(", ");
  const why = by === "" ? "is not signed" : `has no good signature by a trusted key, only by ${by}`;
  throw new MicrovmError("signature-invalid", `"${record.path}" ${why}`, {
    hint: 'Trust its signer with "microvm store key trust", or take what anybody made with "--allow-unsigned"',
  });
}

function checkReferences({ directory }: Run, { record }: CheckedPath): void {
  const missing = record.info.references.find((name) => !isPresent(directory, name));
  if (missing === undefined) return;
  throw invalidStream(
    `"${record.path}" needs "${missing}", which is neither before it in the stream nor in the store`,
  );
}

/** Whether it was not there yet. */
async function importPath(run: Run, path: CheckedPath): Promise<boolean> {
  const { directory, workspace } = run;
  const { path: name } = path.record;
  using _ = await claimPath(directory, name, run.roots, { signal: run.signal });
  if (isPresent(directory, name)) {
    await readTree(run, path, undefined);
    return false;
  }
  const out = join(workspace, name);
  try {
    const tree = writeIncoming(out);
    await readTree(run, path, tree);
    tree.finish();
    await writeAttributes(out, path.attributes);
    await checkAndPublish(run, path, out);
    return true;
  } finally {
    await removeTree(out);
  }
}

async function checkAndPublish(
  { directory }: Run,
  { record, recipe }: CheckedPath,
  out: string,
): Promise<void> {
  const { path: name, info } = record;
  const { digest, size } = await finish(recipe, out);
  if (digest !== info.digest || size !== info.size) {
    throw invalidStream(`"${name}" came in with the digest "${digest}", it should be "${info.digest}"`);
  }
  const placed = await placeFinished(directory, name, out, { ...info, time: new Date().toISOString() });
  await placed.lasts(() => syncFileSystem(directory));
  placed.record();
}

/** Reads all entries, and writes them when there is a tree to write to. */
async function readTree(
  run: Run,
  { record, attributes }: CheckedPath,
  tree: IncomingTree | undefined,
): Promise<void> {
  const { path: name, info } = record;
  const rules: TreeRules = { name, references: info.references, exactModes: info.recipe.exactModes === true };
  const wanted = new Set(attributes.keys());
  let before: string | undefined;
  let bytes = 0;
  for (let entries = 0; ; entries++) {
    const fields = await run.reader.record();
    if ("end" in fields) {
      if (fields.end !== name) throw invalidStream(`"${name}" has another path's end`);
      break;
    }
    if (entries === MAX_ENTRIES) throw invalidStream(`"${name}" has too many entries`);
    run.signal?.throwIfAborted();
    const entry = checkEntry(fields, before, rules);
    before = entry.path;
    const size = entry.type === "file" ? entry.size : 0;
    bytes += size;
    if (bytes > info.size) throw invalidStream(`"${name}" is larger than its record says`);
    if (entry.type === "file" || entry.type === "directory") wanted.delete(entry.path);
    const content = run.reader.pieces(size);
    if (tree) await tree.add(entry, content);
    else for await (const _ of content);
  }
  if (before === undefined) throw invalidStream(`"${name}" is empty`);
  // Attributes are set by path: each path must be one that was made here, and no link.
  if (wanted.size > 0) throw invalidStream(`"${name}" has attributes of what it does not have`);
}
