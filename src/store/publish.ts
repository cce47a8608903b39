/** From a finished build to a store path: normalised, checked, in place, on the disk, recorded. */
import { join } from "node:path";
import { MicrovmError } from "../errors.ts";
import { chmodSync, lstatSync, removeTree, renameSync, rmSync, writeFileSync } from "../os/files.ts";
import { syncFile } from "../os/sync.ts";
import { digestAttributes } from "./attributes-digest.ts";
import { type InfoRecord, infoFile } from "./info.ts";
import type { Json } from "./json.ts";
import { type Recipe, recordOf, runtimeInputs, storePathName } from "./recipe.ts";
import { summariseTree, type TreeSummary } from "./tree.ts";

/** What a builder says of what it made. */
interface Made {
  /** Of a file: the SHA-256 of its content, in hexadecimal. */
  readonly content?: string;
  /** Whether extended attributes count. */
  readonly keepsAttributes?: boolean;
}

/** A tree that lies in the store under its name, and does not count until it is recorded. */
export interface Placed {
  readonly size: number;
  /** Waits until all of it is on the disk. `sync` waits until everything that was written below the store is. */
  lasts(sync: () => Promise<void>): Promise<void>;
  /** Makes it count, which it may when it lasts. */
  record(): void;
}

/** Puts a finished build in its place. */
export async function place(
  storeDirectory: string,
  recipe: Recipe,
  out: string,
  { content, keepsAttributes }: Made = {},
): Promise<Placed> {
  const work = [finish(recipe, out, content), keepsAttributes ? digestAttributes(out) : undefined] as const;
  // When one fails, the tree is removed: the other must not be at it any more.
  await Promise.allSettled(work);
  const [summary, attributes] = await Promise.all(work);
  return await placeFinished(storeDirectory, storePathName(recipe), out, infoOf(recipe, summary, attributes));
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

/** Puts a finished tree in its place. Whoever has claimed its name may do so. */
export async function placeFinished(
  storeDirectory: string,
  name: string,
  out: string,
  info: InfoRecord,
): Promise<Placed> {
  const [path, record] = [join(storeDirectory, name), `${out}.info`];
  writeFileSync(record, `${JSON.stringify(info)}\n`);
  // Of a tree that is gone, or that never counted: together they would be taken for a whole path.
  rmSync(infoFile(storeDirectory, name), { force: true });
  if (lstatSync(path, { throwIfNoEntry: false })) await removeTree(path);
  moveTree(out, path);
  return {
    size: info.size,
    lasts: (sync) => makeDurable(path, record, sync),
    record: () => renameSync(record, infoFile(storeDirectory, name)),
  };
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
async function makeDurable(path: string, record: string, sync: () => Promise<void>): Promise<void> {
  if (!lstatSync(path).isFile()) return await sync();
  await syncFile(path);
  await syncFile(record);
}

/** To move a directory to another one takes write permission on it as well, since its ".." changes. */
export function moveTree(out: string, path: string): void {
  const stats = lstatSync(out);
  const locked = stats.isDirectory() && (stats.mode & 0o200) === 0;
  if (locked) chmodSync(out, stats.mode | 0o200);
  renameSync(out, path);
  if (locked) chmodSync(path, stats.mode);
}
