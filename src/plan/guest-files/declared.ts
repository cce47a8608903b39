/** Files that are declared as such. */
import type { GuestConfig } from "../../options/guest.ts";
import type { FileEntry } from "../../store/files.ts";
import { commentWord, file, relative, type ShowFile } from "./entries.ts";

type Declared = GuestConfig["environment"]["etc"][string];

/** `environment.etc` and `environment.files`. */
export function declaredFiles({ environment }: GuestConfig, showFile: ShowFile): FileEntry[] {
  const entry = (path: string, declared: Declared) =>
    file(path, withOrigin(declared, showFile), Number.parseInt(declared.mode, 8));
  return [
    ...Object.entries(environment.etc).map(([path, declared]) => entry(`etc/${path}`, declared)),
    ...Object.entries(environment.files).map(([path, declared]) => entry(relative(path), declared)),
  ];
}

/** The text with a first line that says what it follows from; behind the one that names a script's interpreter. */
function withOrigin({ text, origin }: Declared, showFile: ShowFile): string {
  if (origin === null) return text;
  const comment = `# ${[origin.option, ...origin.definedIn.map(showFile)].map(commentWord).join(", ")}\n`;
  const [interpreter = ""] = /^#!.*\n/.exec(text) ?? [];
  return `${interpreter}${comment}${text.slice(interpreter.length)}`;
}
