/**
 * Roots: what is kept from garbage collection, with all that it needs.
 *
 *   links            those that the caller names, and what `.gcroots` registers: indirect roots, as in Nix
 *   processes        what a running program has open, has mapped, or was told in its command line
 *   temporary roots  what a process of this program works with; see `temporary-roots.ts`
 */
import { createHash } from "node:crypto";
import { join, resolve, sep } from "node:path";
import { systemCode } from "../errors.ts";
import { readdirSync, readlinkSync, realpathSync, renameSync, rmSync, symlinkSync } from "../os/files.ts";
import { storeNames } from "../paths.ts";
import { prepareDirectory } from "./directory.ts";
import { isStorePathName } from "./recipe.ts";

/** One reason to keep a store path. */
export interface Root {
  /** The store path's name. */
  readonly name: string;
  /** Who keeps it, for a person: a link's path, `process 12`, `work in progress`. */
  readonly source: string;
}

/**
 * Keeps what a link leads to, for as long as the link is there and leads into the store. `link` need not be there
 * yet, but a collection in between forgets it: who makes it holds temporary roots until it is registered.
 */
export function registerLink(storeDirectory: string, link: string): void {
  prepareDirectory(storeDirectory);
  const path = resolve(link);
  const name = createHash("sha256").update(path).digest("hex").slice(0, 32);
  const root = join(storeDirectory, storeNames.gcRoots, name);
  const temporary = `${root}.${process.pid}.tmp`;
  rmSync(temporary, { force: true });
  symlinkSync(path, temporary);
  renameSync(temporary, root);
}

/** What the registered links keep. Links that are gone, or lead elsewhere by now, are forgotten. */
export function registeredRoots(storeDirectory: string, { forget }: { readonly forget: boolean }): Root[] {
  const parent = join(storeDirectory, storeNames.gcRoots);
  return readdirSync(parent).flatMap((entry) => {
    const registered = join(parent, entry);
    const link = readlinkSync(registered);
    const target = targetOf(storeDirectory, link);
    if (target !== undefined) return [{ name: target, source: link }];
    if (forget) rmSync(registered, { force: true });
    return [];
  });
}

/** What these links keep; those that are not there or do not lead into the store keep nothing. */
export function linkRoots(storeDirectory: string, links: readonly string[]): Root[] {
  return links.flatMap((link) => {
    const name = targetOf(storeDirectory, link);
    return name === undefined ? [] : [{ name, source: link }];
  });
}

/** The name of the store path that a link, or a file, leads to or into; undefined when it leads elsewhere or nowhere. */
export function targetOf(storeDirectory: string, link: string): string | undefined {
  const target = follow(link);
  if (target === undefined) return undefined;
  for (const store of new Set([storeDirectory, follow(storeDirectory) ?? storeDirectory])) {
    if (!target.startsWith(store + sep)) continue;
    const [name = ""] = target.slice(store.length + 1).split(sep);
    return isStorePathName(name) ? name : undefined;
  }
  return undefined;
}

/** Where a path leads in the end; when that is not there, where its own link leads. */
function follow(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch (error) {
    if (!["ENOENT", "ENOTDIR", "ELOOP"].includes(systemCode(error) ?? "")) throw error;
  }
  try {
    return resolve(path, "..", readlinkSync(path));
  } catch {
    return undefined;
  }
}
