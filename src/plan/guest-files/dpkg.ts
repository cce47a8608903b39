/** What the guest's own dpkg leaves out, the same as its layers, and whether it knows what is in them. */
import type { GuestConfig } from "../../options/guest.ts";
import type { FileEntry } from "../../store/files.ts";
import { leftOut } from "../left-out.ts";
import { file } from "./entries.ts";

/** dpkg.cfg(5). */
export function dpkgFiles(config: GuestConfig): FileEntry[] {
  // In front of the layers' own database, which is all that is read of it without packages.
  const unknown = config.microvm.registerClosure ? [] : [file("var/lib/dpkg/status", "")];
  const { exclude, include } = leftOut(config);
  if (exclude.length === 0) return unknown;
  const lines = [
    ...exclude.map((path) => `path-exclude=${path}\n`),
    ...include.map((path) => `path-include=${path}\n`),
  ];
  return [...unknown, file("etc/dpkg/dpkg.cfg.d/microvm", lines.join(""))];
}
