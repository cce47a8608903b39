/** From a finished build to a store path: normalised, checked, recorded, on the disk, in place. */
import { join } from "node:path";
import { MicrovmError } from "../errors.ts";
import { chmodSync, existsSync, lstatSync, removeTree, renameSync, writeFileSync } from "../os/files.ts";
import { syncFile } from "../os/sync.ts";
import { digestAttributes } from "./attributes-digest.ts";
import { type InfoRecord, infoFile } from "./info.ts";
import type { Json } from "./json.ts";
import { type Recipe, recordOf, runtimeInputs, storePathName } from "./recipe.ts";
import { summariseTree, type TreeSummary } from "./tree.ts";

/** How a build is published. */
interface PublishOptions {
  /** What the builder of a file says of it. */
  readonly content?: string;
  /** Whether extended attributes count. */
  readonly keepsAttributes?: boolean;
  /** Waits until what was written below the store is on the disk. */
  sync(): Promise<void>;
}

/**
 * Puts a finished build into the store. The info record is in place first, so that a path that is there has
 * one; both are on the disk before the path gets its name, so that a path that is there is whole.
 */
export async function publish(
  storeDirectory: string,
  recipe: Recipe,
  out: string,
  { content, keepsAttributes, sync }: PublishOptions,
): Promise<TreeSummary> {
  const work = [finish(recipe, out, content), keepsAttributes ? digestAttributes(out) : undefined] as const;
  // When one fails, the tree is removed: the other must not be at it any more.
  await Promise.allSettled(work);
  const [summary, attributes] = await Promise.all(work);
  await publishRecorded(storeDirectory, storePathName(recipe), out, {
    info: infoOf(recipe, summary, attributes),
    sync,
  });
  return summary;
}

/**
 * Normalises what a builder made, and digests and checks it. It is then as it may lie in the store. `content` is what
 * the builder of a file says of it.
 */
export async function finish(recipe: Recipe, out: string, content?: string): Promise<TreeSummary> {
  if (!lstatSync(out, { throwIfNoEntry: false })) throw new Error("its builder made nothing");
  const normalise = { exactModes: recipe.exactModes ?? false };
  const summary = await summariseTree(out, { content, normalise });
  if (recipe.fixed) checkContent(recipe, recipe.fixed.sha256, summary);
  return summary;
}

/** Puts a finished tree into the store, with its record. */
export async function publishRecorded(
  storeDirectory: string,
  name: string,
  out: string,
  { info, sync }: { readonly info: InfoRecord; sync(): Promise<void> },
): Promise<void> {
  const record = `${out}.info`;
  writeFileSync(record, `${JSON.stringify(info)}\n`);
  await makeDurable(out, record, sync);
  await removeUnrecorded(storeDirectory, name);
  renameSync(record, infoFile(storeDirectory, name));
  moveTree(out, join(storeDirectory, name));
}

function infoOf(recipe: Recipe, summary: TreeSummary, attributes: string | undefined): InfoRecord {
  return {
    version: 1,
    recipe: recordOf(recipe),
    references: [...new Set(runtimeInputs(recipe).map(storePathName))].sort(),
    digest: summary.digest,
    ...(attributes !== undefined && { attributes }),
    size: summary.size,
    time: new Date().toISOString(),
  };
}

function checkContent(recipe: Recipe, expected: string, { content }: TreeSummary): void {
  if (content === expected) return;
  const found = content === undefined ? "it is not a file" : `it is "${content}"`;
  throw new MicrovmError(
    "checksum-mismatch",
    `The sha-256 checksum of "${recipe.name}"${sourcesOf(recipe.params)} should be "${expected}", ${found}`,
    {
      hint: "Update the lock if the file was meant to change; else its source is damaged or not to be trusted",
    },
  );
}

/** Where a file comes from, by the custom of naming that `url` or `urls` in the parameters of a fetch. */
function sourcesOf(params: Json): string {
  if (params === null || typeof params !== "object" || Array.isArray(params)) return "";
  const { url, urls } = params as { readonly url?: Json; readonly urls?: Json };
  const sources = [url, urls].flat().filter((source) => typeof source === "string");
  return sources.length === 0 ? "" : ` from ${sources.map((source) => `"${source}"`).join(" or ")}`;
}

/** One file is synced by itself; a tree with its whole file system, in one call. */
async function makeDurable(out: string, record: string, sync: () => Promise<void>): Promise<void> {
  if (!lstatSync(out).isFile()) return await sync();
  await syncFile(out);
  await syncFile(record);
}

/**
 * What stands under the name without an info record was not put there by a store. The path is looked for first:
 * another process may put both there meanwhile, record first.
 */
async function removeUnrecorded(storeDirectory: string, name: string): Promise<void> {
  const path = join(storeDirectory, name);
  if (!lstatSync(path, { throwIfNoEntry: false })) return;
  if (!existsSync(infoFile(storeDirectory, name))) await removeTree(path);
}

/** To move a directory to another one takes write permission on it as well, since its ".." changes. */
export function moveTree(out: string, path: string): void {
  const stats = lstatSync(out);
  const locked = stats.isDirectory() && (stats.mode & 0o200) === 0;
  if (locked) chmodSync(out, stats.mode | 0o200);
  renameSync(out, path);
  if (locked) chmodSync(path, stats.mode);
}
