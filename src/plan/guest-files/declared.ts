/** Files that are declared as such. */
import type { FileOwner } from "../../guest/file-owners.ts";
import type { GuestConfig } from "../../options/guest.ts";
import type { FileEntry } from "../../store/files.ts";
import { commentWord, file, relative, type ShowFile } from "./entries.ts";

type Declared = GuestConfig["environment"]["etc"][string];

/** `environment.etc` and `environment.files`. */
export function declaredFiles(config: GuestConfig, showFile: ShowFile): FileEntry[] {
  return everyFile(config).map(({ path, declared }) =>
    file(path, withOrigin(declared, showFile), Number.parseInt(declared.mode, 8)),
  );
}

/** Those of them that are not root's. */
export function declaredOwners(config: GuestConfig): FileOwner[] {
  return everyFile(config).flatMap(({ option, path, declared: { user, group } }) =>
    user === "root" && group === "root" ? [] : [{ option, path, user, group }],
  );
}

/** A declared file, and the option that declares it. */
interface DeclaredFile {
  readonly option: string;
  readonly path: string;
  readonly declared: Declared;
}

function everyFile({ environment }: GuestConfig): DeclaredFile[] {
  const named = (option: "etc" | "files", pathOf: (name: string) => string) =>
    Object.entries(environment[option]).map(([name, declared]) => ({
      option: `environment.${option}.${JSON.stringify(name)}`,
      path: pathOf(name),
      declared,
    }));
  const all = [...named("etc", (name) => `etc/${name}`), ...named("files", relative)];
  return all.filter(({ declared }) => declared.enable);
}

/** The text with a first line that says what it follows from; behind the one that names a script's interpreter. */
function withOrigin({ text, origin }: Declared, showFile: ShowFile): string {
  if (origin === null) return text;
  const comment = `# ${[origin.option, ...origin.definedIn.map(showFile)].map(commentWord).join(", ")}\n`;
  const [interpreter = ""] = /^#!.*\n/.exec(text) ?? [];
  return `${interpreter}${comment}${text.slice(interpreter.length)}`;
}
