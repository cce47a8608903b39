/** From the declared checks to what they are made with. Pure. */
import type { ConfigCheck } from "../guest/config-check.ts";
import type { GuestConfig } from "../options/guest.ts";
import type { FileEntry } from "../store/files.ts";
import { relative, type ShowFile } from "./guest-files/entries.ts";

/** The checks of generated files, each with those of the entries that it reads. */
export function configChecks(
  { system }: GuestConfig,
  entries: readonly FileEntry[],
  showFile: ShowFile,
): ConfigCheck[] {
  return Object.entries(system.checks).map(([name, { option, definedIn, program, files, script }]) => {
    const places = files.map(relative);
    const isRead = ({ path }: FileEntry) =>
      places.some((place) => path === place || path.startsWith(`${place}/`));
    return {
      name,
      option,
      definedIn: definedIn.map(showFile),
      program,
      script,
      entries: entries.filter(isRead),
    };
  });
}
