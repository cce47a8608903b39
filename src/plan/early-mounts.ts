/** What the initrd mounts before the guest's init starts, and what it is told of it. Pure. */
import { MicrovmError } from "../errors.ts";
import { type FileSystem, STACKED_DIRECTORIES, volumeOf } from "../options/guest/file-systems.ts";
import { isWithin, mountPlace } from "../options/guest/places.ts";
import { type Volume, volumeSerial } from "../options/guest/volumes.ts";
import type { GuestConfig } from "../options/guest.ts";

/** A volume that the initrd mounts. */
export interface EarlyMount {
  readonly volume: Volume;
  readonly fileSystem: FileSystem;
  /** Where it is declared to be. */
  readonly place: string;
  /** Whether it is stacked on what the layers have there, and seen itself at another place. */
  readonly isStacked: boolean;
}

/** Modules by type of file system, for kernels that have them as such. vfat asks for two tables of characters. */
const MODULES: Readonly<Record<string, readonly string[]>> = {
  ext2: ["ext4"],
  ext3: ["ext4"],
  ext4: ["ext4"],
  xfs: ["xfs"],
  btrfs: ["btrfs"],
  vfat: ["vfat", "nls_cp437", "nls_ascii"],
};

/** Options that are for mount(8) and systemd, and mean nothing to the kernel. */
const NOT_FOR_THE_KERNEL = /^(?:defaults|auto|noauto|nofail|_netdev|user|users|x-.*)$/;

/** Modules that the guest's kernel needs to mount these types. */
export function fileSystemModules(fsTypes: readonly string[]): readonly string[] {
  return [...new Set(fsTypes.flatMap((type) => MODULES[type] ?? []))];
}

/** The volumes that the initrd mounts, those above others first. */
export function earlyMounts(config: GuestConfig): readonly EarlyMount[] {
  const overlay = config.microvm.writableStoreOverlay;
  const kept = typeof overlay === "string" ? placeOf(config, overlay) : undefined;
  return Object.entries(config.fileSystems)
    .filter(([place, { neededForBoot }]) => neededForBoot || place === kept)
    .flatMap(([place, fileSystem]) => {
      const volume = volumeOf(fileSystem, config.microvm.volumes);
      return volume ? [{ volume, fileSystem, place, isStacked: STACKED_DIRECTORIES.includes(place) }] : [];
    })
    .sort((a, b) => (a.place < b.place ? -1 : 1));
}

/** Where a stacked volume is seen itself, so that it can be grown and looked into. */
export function stackedPlace({ volume }: EarlyMount): string {
  return `/run/microvm/volumes/${volumeSerial(volume)}`;
}

/** The words of the kernel's command line that say so. `writable`: what the rest of the root is kept in. */
export function earlyMountWords(config: GuestConfig, isImage: boolean): string[] {
  const mounts = earlyMounts(config);
  return [
    `microvm.writable=${writableWord(config, isImage)}`,
    ...mounts.map(({ volume, fileSystem }) => {
      const options = fileSystem.options.filter((option) => !NOT_FOR_THE_KERNEL.test(option));
      return `microvm.volume=${volumeSerial(volume)}:${volume.fsType}:${options.join(",") || "rw"}`;
    }),
    ...mounts.map(({ volume, place, isStacked }) => {
      const word = isStacked ? "stack" : "mount";
      return `microvm.${word}=${volumeSerial(volume)}:${kernelWord("a volume", place)}`;
    }),
    ...(hasOwnTmp(config) ? ["microvm.tmp=none"] : []),
  ];
}

/** A path on the kernel's command line, where white space parts the words and the initrd's shell reads them. */
export function kernelWord(what: string, mountPoint: string): string {
  if (/^[\w./:@+-]+$/.test(mountPoint)) return mountPoint;
  throw new MicrovmError(
    "config-invalid",
    `Cannot mount ${what} at "${mountPoint}": the kernel is told the place, in letters, digits and "_ . / : @ + -"`,
    { hint: "Choose another place to mount it on" },
  );
}

/** Whether a guest's system cannot be written to, so that directories of its own are stacked above it. */
export function isReadOnlySystem(config: GuestConfig, isImage: boolean): boolean {
  return writableWord(config, isImage) === "none";
}

function writableWord(config: GuestConfig, isImage: boolean): string {
  const { writableStoreOverlay: overlay } = config.microvm;
  // What runs in an image takes for granted that it can write.
  if (typeof overlay !== "string") return (overlay ?? isImage) ? "tmpfs" : "none";
  const place = placeOf(config, overlay)!;
  const volume = volumeOf(config.fileSystems[place]!, config.microvm.volumes)!;
  const below = mountPlace(overlay).slice(place.length);
  return kernelWord("the system", `volume:${volumeSerial(volume)}${below}`);
}

/** The mount point that a path lies below, the nearest one. */
function placeOf({ fileSystems }: GuestConfig, path: string): string | undefined {
  return Object.keys(fileSystems)
    .filter((place) => isWithin(mountPlace(path), place))
    .sort((a, b) => b.length - a.length)[0];
}

function hasOwnTmp({ fileSystems, systemd }: GuestConfig): boolean {
  return "/tmp" in fileSystems || systemd.mounts.some(({ where }) => mountPlace(where) === "/tmp");
}
