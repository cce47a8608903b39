/** Takes out of a configured layer what differs from one build, or one machine, to the next. */

import { join } from "node:path";
import { lstatSync, readdirSync, rmSync, writeFileSync } from "../os/files.ts";
import { findInLayer, readInLayer } from "./layer-paths.ts";

/** Contents of directories that only record what happened during the build. */
const EMPTIED = [
  "run",
  "tmp",
  "var/tmp",
  "var/cache/apt",
  "var/cache/ldconfig",
  "var/lib/apt/lists",
  "var/lib/dpkg/updates",
];

/** Files that record the build, or backups that a script made of what it changed. */
const REMOVED = [
  "etc/.pwd.lock",
  "etc/group-",
  "etc/gshadow-",
  "etc/passwd-",
  "etc/shadow-",
  "etc/subgid-",
  "etc/subuid-",
  "usr/sbin/policy-rc.d",
  "var/cache/debconf/config.dat-old",
  "var/cache/debconf/passwords.dat-old",
  "var/cache/debconf/templates.dat-old",
  "var/lib/dpkg/available-old",
  "var/lib/dpkg/diversions-old",
  "var/lib/dpkg/lock",
  "var/lib/dpkg/lock-frontend",
  "var/lib/dpkg/statoverride-old",
  "var/lib/dpkg/status-old",
  "var/lib/dpkg/triggers/Lock",
];

/**
 * What must be one guest's own, and so never lies in a layer that guests share: host keys, machine ids,
 * seeds and self-signed certificates. Guests make them at their first start.
 */
const IDENTITIES = [
  /^etc\/ssh\/ssh_host_.*$/,
  /^etc\/machine-id$/,
  /^var\/lib\/dbus\/machine-id$/,
  /^var\/lib\/systemd\/(random-seed|credential\.secret)$/,
  /^etc\/ssl\/private\/ssl-cert-snakeoil\.key$/,
];

/** Normalises the layer at `root` in place. Times are the store's business. */
export function normaliseLayer(root: string): void {
  for (const directory of EMPTIED) {
    for (const name of list(root, directory)) remove(root, `${directory}/${name}`);
  }
  for (const file of REMOVED) remove(root, file);
  for (const directory of ["etc", "etc/ssh", "etc/ssl/private", "var/lib/dbus", "var/lib/systemd"]) {
    for (const name of list(root, directory)) {
      const path = `${directory}/${name}`;
      if (IDENTITIES.some((pattern) => pattern.test(path))) remove(root, path);
    }
  }
  truncateLogs(root, "var/log");
}

function remove(root: string, path: string): void {
  const found = findInLayer(root, path);
  if (found) rmSync(found.path, { recursive: true, force: true });
}

/** Logs keep their names, owners and modes, which the packages' scripts set. */
function truncateLogs(root: string, directory: string): void {
  for (const name of list(root, directory)) {
    const path = join(root, directory, name);
    const stats = lstatSync(path);
    if (stats.isDirectory()) truncateLogs(root, `${directory}/${name}`);
    else if (stats.isFile() && stats.size > 0) writeFileSync(path, "");
  }
}

/** Names in a directory; none when it, or one above it, is absent or a link. */
function list(root: string, directory: string): string[] {
  const found = findInLayer(root, directory);
  return found?.stats.isDirectory() ? readdirSync(found.path) : [];
}

/** The text of a file in the topmost layer that has it. `layers` are nearest first. */
export function readFromLayers(layers: readonly string[], path: string): string {
  const layer = layers.find((root) => findInLayer(root, path));
  return layer === undefined ? "" : readInLayer(layer, path).toString();
}
