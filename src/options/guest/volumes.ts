/** `microvm.volumes`: disks that keep their contents. */
import { mkOption, types, withFile } from "../../module-system/index.ts";

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
        "Label of the file system, at most 16 characters, given when the volume is created. Null gives none.",
      example: "data",
    }),
    mountPoint: mkOption({
      type: types.nullOr(types.path),
      default: null,
      description: "Where the guest mounts the volume. Null leaves it unmounted.",
      example: "/var/lib/data",
    }),
    size: mkOption({
      type: types.ints.positive,
      description: "Size in MiB with which the volume is created. The file is sparse.",
      example: 1024,
    }),
    autoCreate: mkOption({
      type: types.bool,
      default: true,
      description: "Whether the volume is created when its file is missing.",
    }),
    mkfsExtraArgs: mkOption({
      type: types.listOf(types.str),
      default: [],
      description: "More arguments for mkfs when the volume is created.",
      example: ["-m", "0"],
    }),
    fsType: mkOption({
      type: types.enum(["ext2", "ext3", "ext4"]),
      default: "ext4",
      description: "File system of the volume.",
    }),
    imageType: mkOption({
      type: types.enum(["raw", "qcow2"]),
      default: "raw",
      description: "Format of the file. Only raw volumes are created; others must exist.",
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
