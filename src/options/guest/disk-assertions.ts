/** Faults of volumes, file systems and swap that no single type can see. */
import type { GuestConfig } from "./arguments.ts";
import { type DefinedIn, definedBy, itemDefinedIn } from "./defined-in.ts";
import { fileSystemFaults } from "./file-system-faults.ts";
import { volumeOf } from "./file-systems.ts";
import type { Assertion } from "./name-assertions.ts";
import { isMountPoint, isWithin, mountPlace } from "./places.ts";
import { swapPlace } from "./swap.ts";
import { volumeSerial } from "./volumes.ts";

/** Longest label by type of file system, in characters: mkfs.xfs(8), mkfs.fat(8); 16 for ext, e2label(8). */
const LABEL_LENGTHS: Readonly<Record<string, number>> = { xfs: 12, vfat: 11 };

/** Smallest volume in MiB: what mkfs.xfs(8) makes, and what the kernel resizes btrfs to (its fs/btrfs/ioctl.c). */
const SMALLEST: Readonly<Record<string, number>> = { xfs: 300, btrfs: 256 };

/** One assertion for each fault, with the files that are at fault. */
export function diskAssertions(config: GuestConfig, options: DefinedIn): Assertion[] {
  return [
    ...volumeFaults(config, options),
    ...placeFaults(config, options),
    ...fileSystemFaults(config, options),
    ...overlayFaults(config, options),
    ...swapFaults(config, options),
  ].map((message) => ({ assertion: false, message }));
}

function volumeFaults({ microvm: { volumes } }: GuestConfig, options: DefinedIn): string[] {
  const twice = (values: readonly (string | null)[], index: number) =>
    values[index] !== null && values.indexOf(values[index]!) < index;
  const labels = volumes.map(({ label }) => label);
  const serials = volumes.map(volumeSerial);
  return volumes.flatMap((volume, index) => {
    const { image, label, fsType, size, autoCreate } = volume;
    const option = `microvm.volumes.${index}`;
    const where = itemDefinedIn(options, "microvm.volumes", "image", image);
    const longest = LABEL_LENGTHS[fsType] ?? 16;
    const smallest = SMALLEST[fsType] ?? 1;
    return [
      ...(autoCreate && size === null
        ? [
            `"${option}.size" is null, and "${image}" is created when it is not there: give its size, or set "autoCreate" to false${where}`,
          ]
        : []),
      ...(label !== null && label.length > longest
        ? [`"${option}.label" is "${label}": a label of ${fsType} has at most ${longest} characters${where}`]
        : []),
      ...(autoCreate && size !== null && size < smallest
        ? [`"${option}.size" is ${size} MiB: ${fsType} needs at least ${smallest} MiB${where}`]
        : []),
      ...(twice(labels, index)
        ? [
            `"${option}.label" is "${label}", which another volume has: a guest finds volumes by label${where}`,
          ]
        : []),
      // Of equal images the images are named.
      ...(twice(serials, index) && volumes.findIndex((other) => other.image === image) === index
        ? [`"${option}.serial" is "${serials[index]}", which another volume has${where}`]
        : []),
    ];
  });
}

/** Two mounts on one place. */
function placeFaults({ microvm, systemd }: GuestConfig, options: DefinedIn): string[] {
  const items = (option: string, list: readonly { readonly mountPoint: string | null }[]) =>
    list.flatMap(({ mountPoint }, index) =>
      mountPoint === null || !isMountPoint(mountPoint)
        ? []
        : [
            {
              place: mountPlace(mountPoint),
              name: `${option}.${index}`,
              where: itemDefinedIn(options, option, "mountPoint", mountPoint),
            },
          ],
    );
  const mounts = [
    ...items("microvm.shares", microvm.shares),
    ...items("microvm.volumes", microvm.volumes),
    ...systemd.mounts.map(({ where: place }, index) => ({
      place: mountPlace(place),
      name: `systemd.mounts.${index}`,
      where: itemDefinedIn(options, "systemd.mounts", "where", place),
    })),
  ];
  return [...Map.groupBy(mounts, ({ place }) => place)].flatMap(([place, same]) =>
    same.length < 2
      ? []
      : [
          `${same.map(({ name }) => `"${name}"`).join(" and ")} are mounted on one place, "${place}"${[...new Set(same.map(({ where }) => where))].join("")}`,
        ],
  );
}

/** The file system that a path lies on, of those that are declared: the one that is mounted nearest. */
function nearest({ fileSystems }: GuestConfig, path: string) {
  const places = Object.keys(fileSystems).filter((place) => isWithin(path, place));
  const place = places.sort((a, b) => b.length - a.length)[0];
  return place === undefined ? undefined : fileSystems[place];
}

function overlayFaults(config: GuestConfig, options: DefinedIn): string[] {
  const path = config.microvm.writableStoreOverlay;
  if (typeof path !== "string") return [];
  const where = definedBy(options, "microvm.writableStoreOverlay", (value) => value === path);
  const found = nearest(config, mountPlace(path));
  const volume = found && volumeOf(found, config.microvm.volumes);
  if (volume && !volume.readOnly && volume.fsType !== "vfat") return [];
  return [
    `"microvm.writableStoreOverlay" is "${path}", which is on no volume that can keep a system: declare one with a "mountPoint" that the path lies below, not read-only, of a type other than vfat${where}`,
  ];
}

function swapFaults(config: GuestConfig, options: DefinedIn): string[] {
  return config.swapDevices.flatMap((swap, index) => {
    const { device, label } = swap;
    const option = `swapDevices.${index}`;
    const field = device === null ? "label" : "device";
    const where = itemDefinedIn(options, "swapDevices", field, device ?? label);
    const faults: string[] = [];
    const twice = config.swapDevices.findIndex((other) => swapPlace(other) === swapPlace(swap)) < index;
    if ((device === null) === (label === null)) {
      return [`"${option}" needs either "device" or "label"${where}`];
    }
    if (swap.randomEncryption.enable) {
      faults.push(
        `"${option}.randomEncryption.enable" is true, and swap cannot be encrypted here: encrypt the volume's file on the host${where}`,
      );
    }
    if (twice) faults.push(`"${option}" is "${swapPlace(swap)}", which another one is, too${where}`);
    return [...faults, ...swapFileFaults(config, swap, option).map((fault) => `${fault}${where}`)];
  });
}

/** A swap file in the guest's memory would gain nothing, and the kernel does not swap to every type's files. */
function swapFileFaults(
  config: GuestConfig,
  swap: GuestConfig["swapDevices"][number],
  option: string,
): string[] {
  const { device, size } = swap;
  if (device === null || isWithin(device, "/dev")) {
    return size === null ? [] : [`"${option}.size" is for a swap file, and "${swapPlace(swap)}" is a device`];
  }
  const found = nearest(config, device);
  const volume = found && volumeOf(found, config.microvm.volumes);
  if (volume && !volume.readOnly && !["btrfs", "vfat"].includes(volume.fsType)) return [];
  return [
    `"${option}.device" is "${device}", which is on no volume that can be swapped to: declare one whose "mountPoint" is above it, not read-only, of the type ext2, ext3, ext4 or xfs`,
  ];
}
