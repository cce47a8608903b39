/** Entries of a tree, and where units lie in it. Paths are relative to the guest's root. */
import { type UnitSections, unitText } from "../../guest/units.ts";
import type { FileEntry } from "../../store/files.ts";

/** A file with this text; 0644 without a mode. */
export function file(path: string, text: string, mode?: number): FileEntry {
  return { path, type: "file", text, ...(mode !== undefined && { mode }) };
}

/** A symbolic link. */
export function link(path: string, target: string): FileEntry {
  return { path, type: "symlink", target };
}

/** Path of a unit, or of something beside the units. */
export function unit(name: string): string {
  return `etc/systemd/system/${name}`;
}

/** More settings for a unit that a package ships; a person's come later, and win. */
export function dropIn(name: string, sections: UnitSections): FileEntry {
  return file(unit(`${name}.d/microvm.conf`), unitText(sections));
}

/** What makes one unit start with another: a link among the other's wants. The unit lies in the directory `from`. */
export function wanted(by: string, name: string, from = "/usr/lib/systemd/system"): FileEntry {
  return link(unit(`${by}.wants/${name}`), `${from}/${name}`);
}

/** An absolute path without the slashes around it. */
export function relative(path: string): string {
  return path.replace(/^\/+|\/+$/g, "");
}

/** Tells what to call a module's file. */
export type ShowFile = (file: string) => string;

/** A file's name in a comment, which it must not end. */
export function commentWord(name: string): string {
  return name.replace(/[\0-\x1f\x7f]/g, "?");
}
