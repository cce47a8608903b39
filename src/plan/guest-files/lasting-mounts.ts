/** Mounts that stay until a guest's end. Pure. */
import { unitText } from "../../guest/units.ts";
import type { GuestConfig } from "../../options/guest.ts";
import type { FileEntry } from "../../store/files.ts";
import { file, relative, unit } from "./entries.ts";

/** Directories that can be written although the system cannot: the initrd mounts them in memory. */
const OWN_DIRECTORIES = ["/var", "/root", "/home", "/srv", "/opt"];

/**
 * Settings of the mounts that the initrd made in memory, and of the store. At a guest's end everything is unmounted at
 * once; before that systemd would start a program for each of these.
 */
export function lastingMountFiles(config: GuestConfig, storeMount: string | null): FileEntry[] {
  const { fileSystems, microvm, systemd } = config;
  const own = microvm.writableStoreOverlay ? [] : OWN_DIRECTORIES.filter((place) => !(place in fileSystems));
  const declared = systemd.mounts.map(({ where }) => mountUnit(where));
  return [...own, ...(storeMount === null ? [] : [storeMount])]
    .map(mountUnit)
    .filter((name) => !declared.includes(name) && !(name in systemd.units))
    .map((name) => file(unit(`${name}.d/microvm.conf`), unitText({ Unit: { DefaultDependencies: false } })));
}

/** Name of a mount's unit (systemd-escape(1)). */
function mountUnit(place: string): string {
  const escaped = relative(place)
    .replace(/^\.|[^A-Za-z0-9:_./]/g, (mark) => `\\x${mark.charCodeAt(0).toString(16)}`)
    .replaceAll("/", "-");
  return `${escaped}.mount`;
}
