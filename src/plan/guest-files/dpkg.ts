/** What the guest's own dpkg leaves out: the same as its layers. */
import type { GuestConfig } from "../../options/guest.ts";
import type { FileEntry } from "../../store/files.ts";
import { leftOut } from "../left-out.ts";
import { file } from "./entries.ts";

/** dpkg.cfg(5). */
export function dpkgFiles(config: GuestConfig): FileEntry[] {
  const { exclude, include } = leftOut(config);
  if (exclude.length === 0) return [];
  const lines = [
    ...exclude.map((path) => `path-exclude=${path}\n`),
    ...include.map((path) => `path-include=${path}\n`),
  ];
  return [file("etc/dpkg/dpkg.cfg.d/microvm", lines.join(""))];
}
