/** What differs between two configuration layers, seen through them onto the layers below. */
import { join } from "node:path";
import { findInLayer } from "../guest/layer-paths.ts";
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "../os/files.ts";

/** Something in a layer; owners are ids of the guest, `0:0`. */
export type LayerEntry =
  | { readonly type: "file"; readonly mode: number; readonly owner: string; readonly content: Buffer }
  | { readonly type: "symlink"; readonly target: string }
  | { readonly type: "directory"; readonly mode: number; readonly owner: string };

/** Entries by their paths, which are relative to the guest's root; directories before what they hold. */
export type LayerTree = ReadonlyMap<string, LayerEntry>;

/** A path that is another one; undefined is nothing. */
export interface PathChange {
  readonly path: string;
  readonly former: LayerEntry | undefined;
  readonly next: LayerEntry | undefined;
}

/** Everything in a layer. */
export function readLayer(directory: string): LayerTree {
  const tree = new Map<string, LayerEntry>();
  const visit = (below: string) => {
    for (const name of readdirSync(join(directory, below)).sort()) {
      const path = join(below, name);
      const entry = entryAt(join(directory, path));
      if (entry) tree.set(path, entry);
      if (entry?.type === "directory") visit(path);
    }
  };
  visit("");
  return tree;
}

/** Looks for paths in the layers below the configuration, nearest first. */
export function entryBelow(layers: readonly string[]): (path: string) => LayerEntry | undefined {
  return (path) => {
    const found = layers.map((layer) => findInLayer(layer, path)).find((one) => one !== undefined);
    return found && entryAt(found.path);
  };
}

/** What differs between what a guest has with one layer and with another. What a layer has no word of is as below. */
export function pathChanges(
  former: LayerTree,
  next: LayerTree,
  below: (path: string) => LayerEntry | undefined,
): PathChange[] {
  return [...new Set([...former.keys(), ...next.keys()])]
    .sort()
    .map((path) => ({ path, former: former.get(path) ?? below(path), next: next.get(path) ?? below(path) }))
    .filter((change) => !isSame(change.former, change.next));
}

function entryAt(path: string): LayerEntry | undefined {
  const stats = lstatSync(path);
  const mode = stats.mode & 0o7777;
  // What this user made is root's in the guest.
  const id = (number: number, own: number | undefined) => (number === own ? 0 : number);
  const owner = `${id(stats.uid, process.getuid?.())}:${id(stats.gid, process.getgid?.())}`;
  if (stats.isDirectory()) return { type: "directory", mode, owner };
  if (stats.isSymbolicLink()) return { type: "symlink", target: readlinkSync(path) };
  return stats.isFile() ? { type: "file", mode, owner, content: readFileSync(path) } : undefined;
}

function isSame(a: LayerEntry | undefined, b: LayerEntry | undefined): boolean {
  if (a === undefined || b === undefined || a.type !== b.type) return a === b;
  if (a.type === "symlink") return a.target === (b as typeof a).target;
  if (a.mode !== (b as typeof a).mode || a.owner !== (b as typeof a).owner) return false;
  return a.type === "directory" || a.content.equals((b as typeof a).content);
}
