/**
 * Trees without symbolic links. Node's permission model compares names, while the kernel follows links: with a link to
 * a directory, `link/../..` is another place for the one than for the other, and evaluated code could read any file of
 * the host. So each link of a fetched tree becomes a copy of what it leads to. Pure.
 */
import { MicrovmError } from "../../errors.ts";

/** A file, a link, or the place of a submodule, which is an empty directory. */
export interface TreeEntry {
  /** From the tree's top; its parts are plain names. */
  readonly path: string;
  readonly kind: "file" | "program" | "link" | "submodule";
  /** Of the content, as git names it. */
  readonly hash: string;
  /** In bytes. */
  readonly size: number;
}

/** Far more than any project has: what copies for links may come to. */
const MOST = { visits: 500_000, bytes: 4 * 1024 ** 3 };

/** As many as the kernel follows (path_resolution(7)). */
const MOST_LINKS = 40;

/** The tree by path, as far as walking it needs. */
interface Tree {
  readonly entries: ReadonlyMap<string, TreeEntry>;
  /** Names in each directory. */
  readonly directories: ReadonlyMap<string, ReadonlySet<string>>;
  /** What each link holds. */
  readonly targets: ReadonlyMap<string, string>;
}

/**
 * The entries with copies in the place of links; `targets` are what the links hold, by path. Links that lead to
 * nothing are left out. Errors, `reference-not-found`: a link leads out of the tree, or to a directory around it; the
 * copies are too large.
 */
export function withoutLinks(
  entries: readonly TreeEntry[],
  targets: ReadonlyMap<string, string>,
): readonly TreeEntry[] {
  if (targets.size === 0) return entries;
  const tree = treeOf(entries, targets);
  const found: TreeEntry[] = [];
  let visits = 0;
  let bytes = 0;
  const walk = (place: string, shown: string, around: readonly string[]) => {
    const entry = tree.entries.get(place);
    bytes += entry?.size ?? 0;
    if (++visits > MOST.visits || bytes > MOST.bytes) {
      throw refused("The tree is too large when its links are replaced by what they lead to");
    }
    if (entry?.kind === "link") {
      const target = follow(tree, place);
      if (target === undefined) return;
      if (around.includes(target)) {
        throw refused(`The link "${place}" of the tree leads to a directory that it is in`);
      }
      walk(target, shown, around);
    } else if (entry) found.push({ ...entry, path: shown });
    else {
      for (const name of tree.directories.get(place) ?? []) {
        walk(joined(place, name), joined(shown, name), [...around, place]);
      }
    }
  };
  walk("", "", []);
  return found;
}

function treeOf(entries: readonly TreeEntry[], targets: ReadonlyMap<string, string>): Tree {
  const directories = new Map<string, Set<string>>();
  for (const { path } of entries) {
    for (let at = path; at !== ""; ) {
      const end = at.lastIndexOf("/");
      const parent = end < 0 ? "" : at.slice(0, end);
      const names = directories.get(parent) ?? new Set();
      directories.set(parent, names.add(at.slice(end + 1)));
      at = parent;
    }
  }
  return { entries: new Map(entries.map((entry) => [entry.path, entry])), directories, targets };
}

/** Where a link leads to in the end: a path without links; undefined when nothing is there. */
function follow(tree: Tree, link: string): string | undefined {
  const at = link.split("/").slice(0, -1);
  const before = partsOf(tree, link);
  for (let links = 0; before.length > 0; ) {
    const part = before.shift()!;
    if (part === "..") {
      if (at.pop() === undefined) throw outside(tree, link);
      continue;
    }
    if (part !== "" && part !== ".") at.push(part);
    const here = at.join("/");
    if (!tree.targets.has(here)) continue;
    if (++links > MOST_LINKS) return undefined;
    at.pop();
    before.unshift(...partsOf(tree, here));
  }
  const end = at.join("/");
  return tree.entries.has(end) || tree.directories.has(end) ? end : undefined;
}

function partsOf(tree: Tree, link: string): string[] {
  const target = tree.targets.get(link)!;
  if (target.startsWith("/")) throw outside(tree, link);
  return target.split("/");
}

function outside({ targets }: Tree, link: string): MicrovmError {
  return refused(`The link "${link}" leads out of the tree, to "${targets.get(link)}"`);
}

function refused(message: string): MicrovmError {
  return new MicrovmError("reference-not-found", message, {
    hint: "A fetched project is nothing but its own tree: remove the link there",
  });
}

function joined(directory: string, name: string): string {
  return directory === "" ? name : `${directory}/${name}`;
}
