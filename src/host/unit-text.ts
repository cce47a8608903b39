/** The text of unit files: settings to lines, and the line in front by which a unit is known as the program's own. */
import { createHash } from "node:crypto";
import { MicrovmError } from "../errors.ts";

/** A section's settings. A list gives a line for each entry; null and false leave the setting out. */
type Settings = Readonly<Record<string, string | number | boolean | null | readonly string[]>>;

/** How the first line of each file begins that the program makes on the host. */
export const MADE_BY = "# Made by microvm; sha256:";

const HEADER = new RegExp(`^${MADE_BY}([0-9a-f]{64})\\b.*\n`);

/** A unit's text with these sections. */
export function unitText(sections: Readonly<Record<string, Settings>>): string {
  return Object.entries(sections)
    .map(([section, settings]) => `[${section}]\n${settingLines(settings)}`)
    .join("\n");
}

function settingLines(settings: Settings): string {
  return Object.entries(settings)
    .flatMap(([key, value]) => {
      if (value === null || value === false) return [];
      if (typeof value === "object") return value.map((one) => `${key}=${one}\n`);
      return [`${key}=${value === true ? "yes" : value}\n`];
    })
    .join("");
}

/** A text with the line in front that tells who made it, and whether it was changed since. */
export function signed(text: string): string {
  return `${MADE_BY}${digest(text)}. What is changed here by hand is kept as a drop-in at the next switch.\n${text}`;
}

/** Whose a file is: the program's, the program's and changed by hand, or somebody else's. */
export function authorOf(text: string): "microvm" | "changed" | "other" {
  const [line, expected] = HEADER.exec(text) ?? [];
  if (line === undefined) return "other";
  return digest(text.slice(line.length)) === expected ? "microvm" : "changed";
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** A path in a setting, where `%` begins a specifier (systemd.unit(5)). Control characters are refused (`config-invalid`). */
export function unitPath(path: string): string {
  if (/[\0-\x1f\x7f]/.test(path)) {
    throw new MicrovmError("config-invalid", `The path ${JSON.stringify(path)} cannot stand in a unit`, {
      hint: "Choose one without control characters",
    });
  }
  return path.replaceAll("%", "%%");
}

/** A word of a command line (systemd.service(5)); specifiers in it are the caller's. */
export function unitWord(word: string): string {
  const plain = word.replaceAll("$", "$$$$");
  return /^[\w@%+=:,./$-]+$/.test(plain) ? plain : `"${plain.replace(/["\\]/g, "\\$&")}"`;
}

/** A shell's program as one word: systemd makes nothing of `$` in it, and specifiers are the caller's. */
export function shellWord(program: string): string {
  return `"${program.replaceAll("$", "$$$$").replace(/["\\]/g, "\\$&")}"`;
}
