/** Files that are declared as such. */
import type { GuestConfig } from "../../options/guest.ts";
import type { FileEntry } from "../../store/files.ts";
import { file, relative } from "./entries.ts";

/** `environment.etc` and `environment.files`. */
export function declaredFiles({ environment }: GuestConfig): FileEntry[] {
  const mode = (text: string) => Number.parseInt(text, 8);
  return [
    ...Object.entries(environment.etc).map(([path, entry]) =>
      file(`etc/${path}`, entry.text, mode(entry.mode)),
    ),
    ...Object.entries(environment.files).map(([path, entry]) =>
      file(relative(path), entry.text, mode(entry.mode)),
    ),
  ];
}
