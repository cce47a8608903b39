/** Trees of generated files: the guest's configuration layer, systems and runners. */
import { dirname, join } from "node:path";
import { chmodSync, lchownSync, mkdirSync, symlinkSync, writeFileSync } from "../os/files.ts";
import type { Builder } from "../store/builder.ts";
import type { Recipe } from "../store/recipe.ts";
import { type AccountFiles, type Group, mergeAccounts, type User } from "./accounts.ts";
import { readFromLayers } from "./normalise.ts";

/** One entry of a tree; `path` is relative to its root. Directories above it need no entry of their own. */
export type FileEntry =
  | { readonly path: string; readonly type: "file"; readonly text: string; readonly mode?: number }
  | { readonly path: string; readonly type: "symlink"; readonly target: string }
  | { readonly path: string; readonly type: "directory"; readonly mode?: number };

/** A tree of these files. */
export function writeTree(root: string, entries: readonly FileEntry[]): void {
  mkdirSync(root, { recursive: true, mode: 0o755 });
  for (const entry of entries) {
    const path = inside(root, entry.path);
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    switch (entry.type) {
      case "symlink":
        symlinkSync(entry.target, path);
        break;
      case "directory":
        mkdirSync(path, { recursive: true });
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

/** The recipe of a tree of files. `inputs` are what the files speak of. */
export function filesRecipe(
  name: string,
  entries: readonly FileEntry[],
  inputs: Recipe["inputs"] = {},
): Recipe {
  return {
    kind: "files",
    version: 1,
    name,
    params: { entries: entries.map((entry) => ({ ...entry })) },
    inputs,
    references: Object.keys(inputs),
  };
}

/** Builds `files`. */
export const buildFiles: Builder = async (job) => {
  writeTree(job.out, (job.params as unknown as { entries: FileEntry[] }).entries);
};

/** What a guest's options generate. */
export interface ConfigLayer {
  readonly entries: readonly FileEntry[];
  readonly users: readonly User[];
  readonly groups: readonly Group[];
}

/** The recipe of the configuration layer of a guest, on top of its layers of packages (nearest first). */
export function configLayerRecipe(name: string, layer: ConfigLayer, lowers: readonly Recipe[]): Recipe {
  return {
    kind: "config-layer",
    version: 1,
    name,
    params: {
      entries: layer.entries.map((entry) => ({ ...entry })),
      users: layer.users.map((user) => ({ ...user, extraGroups: [...user.extraGroups] })),
      groups: layer.groups.map((group) => ({ ...group, members: [...group.members] })),
    },
    inputs: { lowers },
    exactModes: true,
  };
}

/** Modes of the account files in Debian; the shadowed ones belong to the group `shadow` (42, base-passwd). */
const ACCOUNT_MODES = { passwd: 0o644, group: 0o644, shadow: 0o640, gshadow: 0o640 } as const;
const SHADOW_GROUP = 42;

/** Builds `config-layer`. */
export const buildConfigLayer: Builder = async (job) => {
  const { entries, users, groups } = job.params as unknown as ConfigLayer;
  writeTree(job.out, entries);
  const lowers = job.inputs("lowers");
  const read = (name: keyof AccountFiles) => readFromLayers(lowers, `etc/${name}`);
  const files = mergeAccounts(
    { passwd: read("passwd"), shadow: read("shadow"), group: read("group"), gshadow: read("gshadow") },
    users,
    groups,
  );
  mkdirSync(join(job.out, "etc"), { recursive: true });
  for (const [name, mode] of Object.entries(ACCOUNT_MODES)) {
    const path = join(job.out, "etc", name);
    writeFileSync(path, files[name as keyof AccountFiles]);
    chmodSync(path, mode);
    if (mode === 0o640 && process.getuid?.() === 0) lchownSync(path, 0, SHADOW_GROUP);
  }
};
