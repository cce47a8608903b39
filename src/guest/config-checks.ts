/** What a guest's options say of its packages, checked against the layers that the packages made. */
import { MicrovmError } from "../errors.ts";
import { readlinkSync } from "../os/files.ts";
import type { FileEntry } from "../store/files.ts";
import { declaredBy, type User } from "./accounts.ts";
import { findInLayer } from "./layer-paths.ts";

/** How many links are followed before they are taken for a circle: the kernel's own limit. */
const MOST_LINKS = 40;

/** Every declared shell is a program of the guest: who has none cannot log in (`config-invalid`). */
export function checkShells(users: readonly User[], layers: readonly string[]): void {
  for (const user of users) {
    const { name, shell } = user;
    if (shell === null || existsInLayers(layers, shell)) continue;
    throw new MicrovmError(
      "config-invalid",
      `"users.users.${name}.shell" is "${shell}", which the guest does not have${declaredBy(user)}`,
      {
        hint: 'Add its package to "environment.packages", or set "users.defaultUserShell" or the user\'s shell to another one',
      },
    );
  }
}

/** The time zone is one of the guest's tzdata, which may have fewer than this program knows (`config-invalid`). */
export function checkTimeZone(entries: readonly FileEntry[], lowers: readonly string[]): void {
  const link = entries.find(({ path }) => path === "etc/localtime");
  if (link?.type !== "symlink" || existsInLayers(lowers, link.target)) return;
  const zone = link.target.replace("/usr/share/zoneinfo/", "");
  throw new MicrovmError(
    "config-invalid",
    `"time.timeZone" is "${zone}", which the guest's tzdata does not have`,
    {
      hint: 'Choose another name of it, or add "tzdata-legacy" to "environment.packages"',
    },
  );
}

/** Whether an absolute path leads to something in stacked layers (topmost first), links followed as the guest would. */
function existsInLayers(layers: readonly string[], path: string): boolean {
  let rest = path.split("/").filter(Boolean);
  let at: string[] = [];
  for (let links = 0; rest.length > 0; ) {
    const [part, ...others] = rest;
    rest = others;
    if (part === ".") continue;
    if (part === "..") {
      at = at.slice(0, -1);
      continue;
    }
    const found = topmost(layers, [...at, part!].join("/"));
    if (!found) return false;
    if (!found.stats.isSymbolicLink()) {
      at = [...at, part!];
      continue;
    }
    if (++links > MOST_LINKS) return false;
    const target = readlinkSync(found.path);
    if (target.startsWith("/")) at = [];
    rest = [...target.split("/").filter(Boolean), ...rest];
  }
  return true;
}

function topmost(layers: readonly string[], path: string) {
  return layers.map((layer) => findInLayer(layer, path)).find((found) => found !== undefined);
}
