/** `fileSystems`: what the guest mounts where. Volumes and shares are among them. */
import { type InferConfig, mkDefault, mkOption, types, withFile } from "../../module-system/index.ts";
import { isMountPoint, mountPlace } from "./places.ts";
import type { sharesOptions } from "./shares.ts";
import { serialDevice, type Volume, volumeDevice, type volumesOptions } from "./volumes.ts";

/**
 * Directories that the guest's layers fill. A volume there keeps what is changed, and the rest is still seen: the
 * initrd stacks both before the guest's init reads them.
 */
export const STACKED_DIRECTORIES = ["/etc", "/var", "/var/cache", "/var/lib", "/var/log", "/var/spool"];

/** Directories that must be what they are before the guest's init starts, since it has mounted or used them by then. */
const EARLY_DIRECTORIES = [...STACKED_DIRECTORIES, "/tmp"];

/** Types that systemd can grow while they are mounted, systemd-growfs(8). */
export const GROWING_TYPES = ["ext2", "ext3", "ext4", "xfs", "btrfs"];

/** A word in fstab(5) and on a kernel's command line. */
const mountOption = types.strMatching(/^[\w./:@+=%-]+$/);

/** `fileSystems.*`. */
const fileSystem = types.submodule({
  options: {
    device: mkOption({
      type: types.nullOr(types.strMatching(/^[^\n]+$/)),
      default: null,
      description:
        "What is mounted: a device, a share's tag, or another resource of mount(8). Null takes `label`, and for types without a device, such as tmpfs, their own name.",
      example: "/dev/disk/by-label/pictures",
    }),
    label: mkOption({
      type: types.nullOr(types.strMatching(/^[^\s/]+$/)),
      default: null,
      description: "Label of the file system that is mounted. Null takes `device`.",
      example: "pictures",
    }),
    fsType: mkOption({
      type: types.strMatching(/^[\w.-]+$/),
      default: "auto",
      description: "Type of the file system.",
      example: "ext4",
    }),
    options: mkOption({
      type: types.listOf(mountOption),
      default: ["defaults"],
      description: "Options of mount(8) and systemd.mount(5).",
      example: ["noatime", "nofail"],
    }),
    depends: mkOption({
      type: types.listOf(types.path),
      default: [],
      description: "Directories whose file systems are mounted before this one.",
      example: ["/srv"],
    }),
    neededForBoot: mkOption({
      type: types.bool,
      default: ({ name }: { readonly name: string }) => EARLY_DIRECTORIES.includes(name),
      defaultText: `whether this is one of \`${EARLY_DIRECTORIES.join("`, `")}\``,
      description:
        "Whether the initrd mounts the file system, before the guest's init starts. It must lie on a volume.",
    }),
    autoFormat: mkOption({
      type: types.bool,
      default: false,
      description:
        "Whether a device without anything on it is formatted when the guest starts. The guest needs the package with the type's mkfs. Volumes are formatted when they are made, and need none.",
    }),
    autoResize: mkOption({
      type: types.bool,
      default: false,
      description:
        "Whether the file system is grown to all of its device when it is mounted: a volume is without being told.",
    }),
  },
});

/** Options of file systems. */
export const fileSystemsOptions = {
  fileSystems: mkOption({
    type: types.attrsOf(fileSystem),
    default: {},
    description:
      "File systems by the directory that they are mounted on. Those of `microvm.volumes` and `microvm.shares` are here as well, and may be told more. The root is in memory, below it are the guest's layers; a volume on one of " +
      `\`${STACKED_DIRECTORIES.join("`, `")}\` keeps what is changed there, and what the layers have is still seen. Any other file system hides what is below it.`,
    example: {
      "/scratch": { fsType: "tmpfs", options: ["size=1G"] },
      "/srv/pictures": { label: "pictures", fsType: "ext4", options: ["noatime"] },
    },
  }),
} as const;

type Config = InferConfig<typeof fileSystemsOptions & typeof volumesOptions & typeof sharesOptions>;

/** A declared file system. */
export type FileSystem = Config["fileSystems"][string];

/** The volume that a file system is on, if it is on one. */
export function volumeOf<V extends Pick<Volume, "image" | "serial" | "label">>(
  { device, label }: Pick<FileSystem, "device" | "label">,
  volumes: readonly V[],
): V | undefined {
  return volumes.find((volume) =>
    device === null
      ? label !== null && volume.label === label
      : device === serialDevice(volume) || device === volumeDevice(volume),
  );
}

const implementation = ({ config }: { readonly config: Config }) => ({
  config: {
    fileSystems: () => {
      const { volumes, shares } = config.microvm;
      const mounts = [
        ...volumes.map((volume) => [volume.mountPoint, volumeFileSystem(volume)] as const),
        ...shares.map((share) => [share.mountPoint, shareFileSystem(share)] as const),
      ];
      return Object.fromEntries(
        mounts.flatMap(([mountPoint, mount]) =>
          mountPoint === null || !isMountPoint(mountPoint) ? [] : [[mountPlace(mountPoint), mount]],
        ),
      );
    },
  },
});

function volumeFileSystem(volume: Volume) {
  const { fsType, readOnly } = volume;
  return {
    device: volumeDevice(volume),
    fsType,
    options: [readOnly ? "ro" : "rw"],
    autoResize: mkDefault(!readOnly && GROWING_TYPES.includes(fsType)),
  };
}

function shareFileSystem({ tag, proto, readOnly }: Config["microvm"]["shares"][number]) {
  return {
    device: tag,
    fsType: proto,
    options: [
      readOnly ? "ro" : "rw",
      // msize as large as the transport takes, so that a read is not cut into 8 KiB pieces.
      ...(proto === "9p" ? ["trans=virtio", "version=9p2000.L", "msize=1048576"] : []),
    ],
  };
}

/** Declares them, and mounts volumes and shares. */
export const fileSystems = withFile("src/options/guest/file-systems.ts", {
  imports: [implementation],
  options: fileSystemsOptions,
});
