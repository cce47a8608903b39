/** Modules and settings of the kernel. */
import type { GuestConfig } from "../../options/guest.ts";
import type { FileEntry } from "../../store/files.ts";
import { file } from "./entries.ts";

/** What the running kernel is told. */
export function kernelFiles({ boot }: GuestConfig): FileEntry[] {
  const settings = Object.entries(boot.kernel.sysctl).map(
    ([key, value]) => `${key} = ${typeof value === "boolean" ? Number(value) : value}\n`,
  );
  return [
    ...(boot.kernelModules.length > 0
      ? [file("etc/modules-load.d/microvm.conf", boot.kernelModules.map((name) => `${name}\n`).join(""))]
      : []),
    ...(boot.blacklistedKernelModules.length > 0
      ? [
          file(
            "etc/modprobe.d/microvm-blacklist.conf",
            boot.blacklistedKernelModules.map((name) => `blacklist ${name}\n`).join(""),
          ),
        ]
      : []),
    // The last file counts: packages have settings as well.
    ...(boot.extraModprobeConfig === ""
      ? []
      : [file("etc/modprobe.d/zz-microvm.conf", boot.extraModprobeConfig)]),
    ...(settings.length > 0 ? [file("etc/sysctl.d/60-microvm.conf", settings.join(""))] : []),
  ];
}
