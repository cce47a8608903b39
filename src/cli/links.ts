import { MicrovmError } from "../errors.ts";
import { lstatSync, renameSync, symlinkSync } from "../os/files.ts";

/** Makes a link, in place of an older one. Whatever else has the name is left alone (`bad-usage`). */
export function replaceLink(link: string, target: string): void {
  const there = lstatSync(link, { throwIfNoEntry: false });
  if (there && !there.isSymbolicLink()) {
    throw new MicrovmError("bad-usage", `"${link}" exists and is no link`, {
      hint: "Choose another name for the link",
    });
  }
  const temporary = `${link}.${process.pid}.tmp`;
  symlinkSync(target, temporary);
  renameSync(temporary, link);
}
