/** Mounts and swap, as fstab(5) has them. */
import { type FileSystem, GROWING_TYPES, volumeOf } from "../../options/guest/file-systems.ts";
import { swapPlace } from "../../options/guest/swap.ts";
import { serialDevice } from "../../options/guest/volumes.ts";
import type { GuestConfig } from "../../options/guest.ts";
import type { FileEntry } from "../../store/files.ts";
import { type EarlyMount, earlyMounts, stackedPlace } from "../early-mounts.ts";
import { file, relative } from "./entries.ts";

/** fstab(5): white space is written as octal. */
const fstabField = (text: string) =>
  text.replace(/[ \t\n\\]/g, (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, "0")}`);

const fstabLine = (what: string, where: string, type: string, options: readonly string[]) =>
  `${[what, where, type].map(fstabField).join(" ")} ${options.join(",") || "defaults"} 0 0\n`;

/** `/etc/fstab`, and the directories to mount on. The initrd has mounted the store already. */
export function fileSystemFiles(config: GuestConfig, storeMount: string | null): FileEntry[] {
  const stacked = earlyMounts(config).filter(({ isStacked }) => isStacked);
  const mounts = Object.entries(config.fileSystems).filter(([place]) => place !== storeMount);
  const lines = mounts
    .filter(([place]) => !stacked.some((mount) => mount.place === place))
    .map(([place, mount]) => fstabLine(sourceOf(mount), place, mount.fsType, optionsOf(mount)));
  const points = [...mounts.map(([place]) => place), ...(storeMount === null ? [] : [storeMount])];
  return [
    file("etc/fstab", [...lines, ...stacked.map(stackedLine), ...swapLines(config)].join("")),
    ...points.map((path): FileEntry => ({ path: relative(path), type: "directory" })),
  ];
}

/**
 * The same for the init of an image, which knows nothing of systemd: there are no labels in `/dev/disk`, and options
 * for others are passed over.
 */
export function imageFstab(config: GuestConfig, storeMount: string | null): FileEntry {
  const early = earlyMounts(config).map(({ place }) => place);
  const lines = Object.entries(config.fileSystems)
    .filter(([place]) => place !== storeMount && !early.includes(place))
    .map(([place, mount]) => {
      const volume = volumeOf(mount, config.microvm.volumes);
      const options = mount.options.filter((option) => !option.startsWith("x-"));
      return fstabLine(volume ? serialDevice(volume) : sourceOf(mount), place, mount.fsType, options);
    });
  return file("etc/fstab", lines.join(""));
}

function sourceOf({ device, label, fsType }: FileSystem): string {
  return device ?? (label === null ? fsType : `/dev/disk/by-label/${label}`);
}

function optionsOf({ options, depends, autoFormat, autoResize }: FileSystem): string[] {
  return [
    ...options,
    ...depends.map((path) => `x-systemd.requires-mounts-for=${path}`),
    ...(autoFormat ? ["x-systemd.makefs"] : []),
    ...(autoResize ? ["x-systemd.growfs"] : []),
  ];
}

/** The initrd has mounted it; this has systemd grow it. */
function stackedLine(mount: EarlyMount): string {
  const { options, autoResize } = mount.fileSystem;
  const what = serialDevice(mount.volume);
  const grows = autoResize && GROWING_TYPES.includes(mount.volume.fsType);
  return fstabLine(what, stackedPlace(mount), mount.volume.fsType, [
    ...options,
    ...(grows ? ["x-systemd.growfs"] : []),
  ]);
}

function swapLines({ swapDevices }: GuestConfig): string[] {
  return swapDevices.map((swap) => {
    const { options, priority, discardPolicy } = swap;
    return fstabLine(swapPlace(swap), "none", "swap", [
      ...options,
      ...(priority === null ? [] : [`pri=${priority}`]),
      ...(discardPolicy === null ? [] : [discardPolicy === "both" ? "discard" : `discard=${discardPolicy}`]),
    ]);
  });
}
