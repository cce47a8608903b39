/** Trees of generated files. */
import { dirname, join } from "node:path";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "../os/files.ts";
import type { Builder } from "./builder.ts";
import type { Recipe } from "./recipe.ts";

/** One entry of a tree; `path` is relative to its root. Directories above it need no entry of their own. */
export type FileEntry =
  | { readonly path: string; readonly type: "file"; readonly text: string; readonly mode?: number }
  | { readonly path: string; readonly type: "symlink"; readonly target: string }
  | { readonly path: string; readonly type: "directory"; readonly mode?: number };

/** A tree of these files. */
export function writeTree(root: string, entries: readonly FileEntry[]): void {
  const made = new Set<string>();
  const makeDirectory = (path: string) => {
    if (!made.has(path)) mkdirSync(path, { recursive: true, mode: 0o755 });
    made.add(path);
  };
  makeDirectory(root);
  for (const entry of entries) {
    const path = inside(root, entry.path);
    makeDirectory(dirname(path));
    switch (entry.type) {
      case "symlink":
        symlinkSync(entry.target, path);
        break;
      case "directory":
        makeDirectory(path);
        chmodSync(path, entry.mode ?? 0o755);
        break;
      default:
        writeFileSync(path, entry.text);
        chmodSync(path, entry.mode ?? 0o644);
    }
  }
}

function inside(root: string, path: string): string {
  const parts = path.split("/");
  if (path === "" || parts.some((part) => part === "" || part === "." || part === "..")) {
    throw new Error(`Not a path inside a tree: "${path}"`);
  }
  return join(root, ...parts);
}

/** The recipe of a tree of files. `inputs` are what the files speak of; `before` is only built before them. */
export function filesRecipe(
  name: string,
  entries: readonly FileEntry[],
  inputs: Recipe["inputs"] = {},
  before: Recipe["inputs"] = {},
): Recipe {
  return {
    kind: "files",
    version: 1,
    name,
    params: { entries: entries.map((entry) => ({ ...entry })) },
    inputs: { ...inputs, ...before },
    references: Object.keys(inputs),
  };
}

/** Builds `files`. */
export const buildFiles: Builder = async (job) => {
  writeTree(job.out, (job.params as unknown as { entries: FileEntry[] }).entries);
};
