/** Faults of `fileSystems`: places that belong to the layers, and what the initrd cannot mount. */
import type { GuestConfig } from "./arguments.ts";
import { type DefinedIn, definedIn, itemDefinedIn } from "./defined-in.ts";
import { type FileSystem, GROWING_TYPES, STACKED_DIRECTORIES, volumeOf } from "./file-systems.ts";
import { ABSOLUTE, isWithin, mountPlace } from "./places.ts";

/** What no mount may hide: a guest does not start without it, or has mounted it before. */
const OWNED = [
  "/bin",
  "/dev/disk",
  "/etc/systemd",
  "/lib",
  "/lib64",
  "/proc",
  "/run/systemd",
  "/sbin",
  "/sys",
  "/usr/bin",
  "/usr/lib",
  "/usr/lib64",
  "/usr/local/lib/microvm",
  "/usr/sbin",
];

/** Below these nothing else can be mounted either. */
const CLOSED = ["/etc/systemd", "/usr/lib/systemd", "/proc", "/sys"];

/** What only a volume can be stacked on; hidden, it would leave a guest without its system. */
const NEEDS_STACKING = ["/etc", "/var", "/var/lib"];

/** Types without a device. */
const WITHOUT_DEVICE = ["tmpfs", "ramfs", "hugetlbfs", "overlay"];

/** A message for each fault. */
export function fileSystemFaults(config: GuestConfig, options: DefinedIn): string[] {
  const { fileSystems, microvm } = config;
  const early = Object.values(fileSystems).filter(({ neededForBoot }) => neededForBoot);
  return Object.entries(fileSystems).flatMap(([place, fileSystem]) => {
    if (!ABSOLUTE.test(place)) return [];
    const option = `fileSystems.${JSON.stringify(place)}`;
    const owned = ownedFaults(option, place);
    const volume = volumeOf(fileSystem, microvm.volumes);
    const faults =
      owned.length > 0
        ? owned
        : [
            ...sourceFaults(option, fileSystem),
            ...(volume
              ? stackedFaults(option, place, fileSystem, volume.readOnly)
              : unplacedFaults(option, place, fileSystem)),
            ...(volume && early.filter((other) => volumeOf(other, [volume])).length > 1
              ? [`${option} is on the volume "${volume.image}", which the initrd mounts elsewhere`]
              : []),
          ];
    return faults.map((message) => `${message}${whereMounted(config, options, place)}`);
  });
}

function ownedFaults(option: string, place: string): string[] {
  const hidden = OWNED.find((path) => isWithin(path, place)) ?? CLOSED.find((path) => isWithin(place, path));
  if (hidden === undefined || STACKED_DIRECTORIES.includes(place)) return [];
  return [`${option} would hide what the guest itself has at "${hidden}": mount it elsewhere`];
}

function sourceFaults(
  option: string,
  { device, label, fsType, autoResize, autoFormat }: FileSystem,
): string[] {
  const cannot = (name: string, verb: string) =>
    `${option}.${name} is true, and "${fsType}" cannot be ${verb} here: set "fsType" to one of "${GROWING_TYPES.join('", "')}"`;
  return [
    ...(device !== null && label !== null
      ? [`${option} has both "device" and "label": give one of them`]
      : []),
    ...(device === null && label === null && !WITHOUT_DEVICE.includes(fsType)
      ? [`${option} has neither "device" nor "label": nothing says what is mounted`]
      : []),
    ...(autoResize && !GROWING_TYPES.includes(fsType) ? [cannot("autoResize", "grown")] : []),
    ...(autoFormat && !GROWING_TYPES.includes(fsType) ? [cannot("autoFormat", "made")] : []),
  ];
}

/** What is on a volume can be mounted by the initrd, and stacked on the layers. */
function stackedFaults(option: string, place: string, fileSystem: FileSystem, readOnly: boolean): string[] {
  if (!STACKED_DIRECTORIES.includes(place)) return [];
  const { neededForBoot, fsType } = fileSystem;
  if (!neededForBoot) {
    return [`${option}.neededForBoot is false, and only the initrd can mount a volume on "${place}"`];
  }
  if (readOnly || fsType === "vfat") {
    const kind = readOnly ? "is read-only" : `has the type "${fsType}"`;
    return [`${option} ${kind}, and changes to what the layers have there cannot be kept on it`];
  }
  return [];
}

function unplacedFaults(option: string, place: string, { neededForBoot }: FileSystem): string[] {
  if (NEEDS_STACKING.includes(place)) {
    return [
      `${option} would hide what the guest's layers have there: only a volume of "microvm.volumes" is stacked on it`,
    ];
  }
  return neededForBoot && !STACKED_DIRECTORIES.includes(place) && place !== "/tmp"
    ? [`${option}.neededForBoot is true, and the initrd mounts nothing but volumes of "microvm.volumes"`]
    : [];
}

/** What says that something is mounted there, and the files. */
function whereMounted({ microvm }: GuestConfig, options: DefinedIn, place: string): string {
  for (const kind of ["volumes", "shares"] as const) {
    const index = microvm[kind].findIndex(
      ({ mountPoint }) => mountPoint !== null && mountPlace(mountPoint) === place,
    );
    const mountPoint = microvm[kind][index]?.mountPoint;
    if (mountPoint === undefined) continue;
    const option = `microvm.${kind}`;
    return `, by "${option}.${index}.mountPoint"${itemDefinedIn(options, option, "mountPoint", mountPoint)}`;
  }
  return definedIn(options, "fileSystems", [place]);
}
