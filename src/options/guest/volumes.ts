/** `microvm.volumes`: disks that keep their contents. */
import { createHash } from "node:crypto";
import { type InferConfig, mkOption, types, withFile } from "../../module-system/index.ts";

/** `microvm.volumes.*`. */
const volume = types.submodule({
  options: {
    image: mkOption({
      type: types.nonEmptyStr,
      description: "File of the volume on the host, relative to the VM's directory.",
      example: "data.img",
    }),
    serial: mkOption({
      type: types.nullOr(types.strMatching(/^[A-Za-z0-9_-]{1,20}$/)),
      default: null,
      description:
        "Serial number by which the guest finds the disk, at most 20 characters. Null makes one from the image's name.",
      example: "data",
    }),
    direct: mkOption({
      type: types.bool,
      default: false,
      description: "Whether the host's page cache is passed by.",
    }),
    readOnly: mkOption({
      type: types.bool,
      default: false,
      description: "Whether the guest may only read the volume.",
    }),
    label: mkOption({
      type: types.nullOr(types.strMatching(/^[A-Za-z0-9_.-]{1,16}$/)),
      default: null,
      description:
        "Label of the file system, given when the volume is created, by which the guest finds it: at most 16 characters, 12 for xfs, 11 for vfat. Null gives none; the guest finds the disk by its serial number then.",
      example: "data",
    }),
    mountPoint: mkOption({
      type: types.nullOr(types.path),
      default: null,
      description: "Where the guest mounts the volume. Null leaves it unmounted.",
      example: "/var/lib/data",
    }),
    size: mkOption({
      type: types.nullOr(types.ints.positive),
      description:
        "Size in MiB. The file is created sparse. When this becomes larger, file and file system are grown at the next start; smaller than what is there is an error at the start. Null, for a volume that is not created, takes it as large as it is.",
      example: 1024,
    }),
    autoCreate: mkOption({
      type: types.bool,
      default: true,
      description:
        "Whether the volume is created when its file is missing. Otherwise a missing file is an error at the start.",
    }),
    mkfsExtraArgs: mkOption({
      type: types.listOf(types.str),
      default: [],
      description: "More arguments for mkfs when the volume is created.",
      example: ["-m", "0"],
    }),
    fsType: mkOption({
      type: types.enum(["ext2", "ext3", "ext4", "xfs", "btrfs", "vfat"]),
      default: "ext4",
      description: "File system of the volume. All but vfat grow with the volume.",
    }),
    imageType: mkOption({
      type: types.enum(["raw", "qcow2", "vhd", "vhdx"]),
      default: "raw",
      description: "Format of the file. Those other than raw are made and grown by qemu-img.",
    }),
  },
});

/** Options of the volumes. */
export const volumesOptions = {
  microvm: {
    volumes: mkOption({
      type: types.listOf(volume),
      default: [],
      description: "Disks that keep their contents, as files of the host.",
      example: [{ image: "data.img", size: 1024, mountPoint: "/var/lib/data" }],
    }),
  },
} as const;

/** Declares them. */
export const volumes = withFile("src/options/guest/volumes.ts", { options: volumesOptions });

/** A declared volume. */
export type Volume = InferConfig<typeof volumesOptions>["microvm"]["volumes"][number];

/** Serial number of a volume's disk: as declared, else made from its image's name. */
export function volumeSerial({ image, serial }: Pick<Volume, "image" | "serial">): string {
  return serial ?? `vol-${createHash("sha256").update(image).digest("hex").slice(0, 16)}`;
}

/** Where udev has the volume's disk, by its serial number. */
export function serialDevice(volume: Pick<Volume, "image" | "serial">): string {
  return `/dev/disk/by-id/virtio-${volumeSerial(volume)}`;
}

/** Where a guest finds a volume: by its label, else by its serial number. */
export function volumeDevice(volume: Pick<Volume, "image" | "serial" | "label">): string {
  return volume.label === null ? serialDevice(volume) : `/dev/disk/by-label/${volume.label}`;
}

/** Whether a path lies on a volume that the guest mounts and may write to, so that it lasts. */
export function isOnVolume(
  path: string,
  volumes: readonly { readonly mountPoint: string | null; readonly readOnly: boolean }[],
): boolean {
  return volumes.some(
    ({ mountPoint, readOnly }) =>
      mountPoint !== null && !readOnly && path.startsWith(`${mountPoint.replace(/\/+$/, "")}/`),
  );
}
