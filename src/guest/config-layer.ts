/** The configuration layer: the files that a guest's options generate, and its accounts. */
import { join } from "node:path";
import { MicrovmError } from "../errors.ts";
import {
  chmodSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  writeFileSync,
} from "../os/files.ts";
import type { Builder } from "../store/builder.ts";
import { type FileEntry, writeTree } from "../store/files.ts";
import type { Recipe } from "../store/recipe.ts";
import { type AccountFiles, type Group, mergeAccounts, type User } from "./accounts.ts";
import { checkShells, checkTimeZone } from "./config-checks.ts";
import { type FileOwner, giveFiles } from "./file-owners.ts";
import { readFromLayers } from "./normalise.ts";
import { SYSUSERS_FILE, sysusersText } from "./sysusers.ts";
import { layerEntries, type UnitFile, unitFinder, unitParams } from "./unit-files.ts";

/** What a guest's options generate. */
export interface ConfigLayer {
  readonly entries: readonly FileEntry[];
  readonly units: readonly UnitFile[];
  readonly users: readonly User[];
  readonly groups: readonly Group[];
  /** Of those files that are not root's. */
  readonly owners: readonly FileOwner[];
  /** Whether the accounts are written for systemd-sysusers as well. */
  readonly sysusers?: boolean;
}

/** The recipe of the configuration layer of a guest, on top of its layers of packages (nearest first). */
export function configLayerRecipe(name: string, layer: ConfigLayer, lowers: readonly Recipe[]): Recipe {
  return {
    kind: "config-layer",
    version: 4,
    name,
    params: {
      entries: layer.entries.map((entry) => ({ ...entry })),
      units: layer.units.map(unitParams),
      users: layer.users.map((user) => ({
        ...user,
        extraGroups: [...user.extraGroups],
        definedIn: [...(user.definedIn ?? [])],
      })),
      groups: layer.groups.map((group) => ({ ...group, members: [...group.members] })),
      owners: layer.owners.map((owner) => ({ ...owner })),
      ...(layer.sysusers && { sysusers: true }),
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
  const { entries, units, users, groups, owners, sysusers } = job.params as unknown as ConfigLayer;
  const lowers = job.inputs("lowers");
  const read = (name: keyof AccountFiles) => readFromLayers(lowers, `etc/${name}`);
  const files = mergeAccounts(
    { passwd: read("passwd"), shadow: read("shadow"), group: read("group"), gshadow: read("gshadow") },
    users,
    groups,
  );
  const accounts: FileEntry[] = sysusers
    ? [{ path: SYSUSERS_FILE, type: "file", text: sysusersText(files, users, groups) }]
    : [];
  writeTree(job.out, layerEntries([...accounts, ...entries], units, unitFinder(lowers)));
  checkShells(users, [job.out, ...lowers]);
  checkTimeZone(entries, lowers);
  mkdirSync(join(job.out, "etc"), { recursive: true });
  for (const [name, mode] of Object.entries(ACCOUNT_MODES)) {
    const path = join(job.out, "etc", name);
    writeFileSync(path, files[name as keyof AccountFiles]);
    chmodSync(path, mode);
    if (mode === 0o640 && process.getuid?.() === 0) lchownSync(path, 0, SHADOW_GROUP);
  }
  giveFiles(job.out, owners, files);
  adoptDirectories(job.out, lowers);
};

/**
 * Where layers are stacked the topmost directory's owner and mode count: those of the layers below are kept. A
 * directory in the place of a link (`/bin`, `/lib`) would hide everything behind the link, and is refused.
 */
function adoptDirectories(own: string, lowers: readonly string[], above = ""): void {
  if (lowers.length === 0) return;
  for (const { name } of readdirSync(own, { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
    const [path, below] = [join(own, name), `${above}/${name}`];
    const found = lowers.flatMap((lower) => {
      const stats = lstatSync(join(lower, name), { throwIfNoEntry: false });
      return stats ? [{ path: join(lower, name), stats }] : [];
    });
    const [top] = found;
    if (top?.stats.isSymbolicLink()) {
      throw new MicrovmError(
        "config-invalid",
        `Cannot write below "${below}": it is a link to "${readlinkSync(top.path)}" in the guest's packages`,
        { hint: "Use the directory that the link leads to" },
      );
    }
    if (top?.stats.isDirectory()) {
      chmodSync(path, top.stats.mode & 0o7777);
      if (process.getuid?.() === 0) lchownSync(path, top.stats.uid, top.stats.gid);
    }
    const directories = found.filter(({ stats }) => stats.isDirectory());
    adoptDirectories(
      path,
      directories.map((lower) => lower.path),
      below,
    );
  }
}
