/** Mounts that stay until a guest's end. Pure. */
import { type UnitValue, unitText } from "../../guest/units.ts";
import type { GuestConfig } from "../../options/guest.ts";
import type { FileEntry } from "../../store/files.ts";
import { dropIn, file, relative, unit } from "./entries.ts";

type Settings = Readonly<Record<string, UnitValue>>;

/** Directories that can be written although the system cannot: the initrd mounts them in memory. */
const OWN_DIRECTORIES = ["/var", "/root", "/home", "/srv", "/opt"];

/** systemd's own place in memory, which its unit would unmount at the end. */
const TEMPORARY = "/tmp";

/**
 * Units of the mounts that the initrd made in memory, of the store's, and of `/tmp`. At a guest's end everything is
 * unmounted at once; before that systemd would start a program for each of these. `isReadOnly`: the system cannot be
 * written to, so that the initrd made directories of its own.
 */
export function lastingMountFiles(
  config: GuestConfig,
  storeMount: string | null,
  isReadOnly: boolean,
): FileEntry[] {
  const { fileSystems, systemd } = config;
  const declared = systemd.mounts.map(({ where }) => mountUnit(where));
  const isFree = (place: string) =>
    !declared.includes(mountUnit(place)) && !(mountUnit(place) in systemd.units);
  const isOwn = (place: string) => isFree(place) && !(place in fileSystems);
  const own = isReadOnly ? OWN_DIRECTORIES.filter(isOwn) : [];
  return [
    ...own.map((place) => lasting(place, { What: "overlay", Where: place, Type: "overlay" })),
    ...(storeMount !== null && isFree(storeMount)
      ? [dropIn(mountUnit(storeMount), { Unit: { DefaultDependencies: false } })]
      : []),
    ...(isOwn(TEMPORARY) ? [temporary()] : []),
  ];
}

/**
 * A whole unit: a mount that others need, and that is therefore looked for before systemd has read what is mounted, gets
 * no drop-ins (seen with 257).
 */
function lasting(place: string, settings: Settings, more: Settings = {}): FileEntry {
  const text = unitText({ Unit: { DefaultDependencies: false, ...more }, Mount: settings });
  return file(unit(mountUnit(place)), text);
}

/** As systemd's own (tmp.mount), without what unmounts it. */
function temporary(): FileEntry {
  const Options = "mode=1777,strictatime,nosuid,nodev,size=50%%,nr_inodes=1m";
  return lasting(
    TEMPORARY,
    { What: "tmpfs", Where: TEMPORARY, Type: "tmpfs", Options },
    { Before: "local-fs.target", ConditionPathIsSymbolicLink: `!${TEMPORARY}` },
  );
}

/** Name of a mount's unit (systemd-escape(1)). */
function mountUnit(place: string): string {
  const escaped = relative(place)
    .replace(/^\.|[^A-Za-z0-9:_./]/g, (mark) => `\\x${mark.charCodeAt(0).toString(16)}`)
    .replaceAll("/", "-");
  return `${escaped}.mount`;
}
