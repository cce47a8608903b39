/** Mounts of volumes and shares. */
import type { GuestConfig } from "../../options/guest.ts";
import type { FileEntry } from "../../store/files.ts";
import { volumeSerial } from "../identity.ts";
import { file, relative } from "./entries.ts";

/** fstab(5): white space is written as octal. */
const fstabField = (text: string) =>
  text.replace(/[ \t\n\\]/g, (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, "0")}`);

/** `/etc/fstab`, and the directories to mount on. The initrd has mounted the store already. */
export function fileSystemFiles({ microvm }: GuestConfig, storeMount: string | null): FileEntry[] {
  const volumes = microvm.volumes.flatMap(({ mountPoint, image, serial, fsType, readOnly }) =>
    mountPoint === null
      ? []
      : [
          {
            mountPoint,
            line: [
              `/dev/disk/by-id/virtio-${volumeSerial(image, serial)}`,
              fstabField(mountPoint),
              fsType,
              readOnly ? "ro" : "rw",
            ],
          },
        ],
  );
  const shares = microvm.shares
    .filter((share) => share.mountPoint !== storeMount)
    .map(({ tag, mountPoint, proto, readOnly }) => ({
      mountPoint,
      line: [
        tag,
        fstabField(mountPoint),
        proto,
        // 9p: msize as large as the transport takes, so that a read is not cut into 8 KiB pieces.
        [
          readOnly ? "ro" : "rw",
          ...(proto === "9p" ? ["trans=virtio,version=9p2000.L,msize=1048576"] : []),
        ].join(","),
      ],
    }));
  const mounts = [...volumes, ...shares];
  const points = [...mounts.map((mount) => mount.mountPoint), ...(storeMount === null ? [] : [storeMount])];
  return [
    file("etc/fstab", mounts.map(({ line }) => `${line.join(" ")} 0 0\n`).join("")),
    ...points.map((path): FileEntry => ({ path: relative(path), type: "directory" })),
  ];
}
