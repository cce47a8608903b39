/** Package files of the project itself, read as if an archive had them. */
import { createHash } from "node:crypto";
import { join, relative, sep } from "node:path";
import { MicrovmError, systemCode } from "../../errors.ts";
import { type FileSlice, piecesOf } from "../../os/file-slice.ts";
import { readdirSync, realpathSync, statSync } from "../../os/files.ts";
import { openXzDecoder } from "../../os/xz-decoder.ts";
import { fieldOf, formatParagraph, parseParagraphs } from "./control.ts";
import { openDeb } from "./deb.ts";
import { invalid } from "./invalid.ts";
import type { IndexSource } from "./package-index.ts";
import { LOCAL, LOCAL_ORIGIN } from "./sources.ts";
import { readControl } from "./unpack-deb.ts";

/** Fields that an index has for a package's file, and a control file has not. */
const FILE_FIELDS = ["Filename", "Size", "SHA256"];

/**
 * The index of the package files at these paths; a directory stands for all `*.deb` right in it. Paths begin at the
 * project's directory and must not lead out of it. Errors: `package-not-found`, `package-invalid`.
 */
export async function readLocalPackages(
  paths: readonly string[],
  projectDirectory: string,
): Promise<IndexSource> {
  const files = [...new Set(paths.flatMap((path) => filesAt(path, projectDirectory)))].sort();
  const stanzas = await Promise.all(files.map((file) => stanzaOf(file, projectDirectory)));
  const text = Buffer.from(stanzas.join("\n"));
  return {
    text: () => text,
    sha256: createHash("sha256").update(text).digest("hex"),
    repository: LOCAL,
    release: {
      suite: LOCAL,
      codename: LOCAL,
      origin: LOCAL_ORIGIN,
      label: LOCAL,
      component: LOCAL,
      notAutomatic: false,
      butAutomaticUpgrades: false,
    },
  };
}

/** The file of a local package, looked at again before it is used. Errors: `package-not-found`. */
export function localFile(file: string, projectDirectory: string): string {
  const top = realpathSync(projectDirectory);
  try {
    const real = realpathSync(join(top, file));
    if (real.startsWith(`${top}${sep}`)) return real;
  } catch (error) {
    if (systemCode(error) !== "ENOENT" && systemCode(error) !== "ENOTDIR") throw error;
    throw new MicrovmError("package-not-found", `There is no local package "${file}" in "${top}"`, {
      hint: 'Correct "packages" of the package set, or put the file there',
    });
  }
  throw new MicrovmError("package-not-found", `The local package "${file}" is not below "${top}"`, {
    hint: "Copy it into the project's directory",
  });
}

function filesAt(path: string, projectDirectory: string): readonly string[] {
  const real = localFile(path, projectDirectory);
  const name = relative(".", path);
  if (!statSync(real).isDirectory()) return [name];
  return readdirSync(real)
    .filter((entry) => entry.endsWith(".deb"))
    .map((entry) => join(name, entry));
}

async function stanzaOf(file: string, projectDirectory: string): Promise<string> {
  const path = localFile(file, projectDirectory);
  const { control } = await readControl(openDeb(path, file, openXzDecoder(undefined)), file);
  const [fields] = parseParagraphs(control);
  if (!fields) throw invalid(file, "it has no control file");
  const field = (name: string) => {
    const value = fieldOf(fields, name);
    if (value === undefined || /[\s]/.test(value)) throw invalid(file, `its control file has no ${name}`);
    return value;
  };
  const leading = ["Package", "Version", "Architecture"].map((name) => [name, field(name)] as const);
  const first = leading.map(([name]) => name.toLowerCase());
  const others = [...fields].filter(
    ([name]) =>
      !first.includes(name.toLowerCase()) &&
      !FILE_FIELDS.some((own) => own.toLowerCase() === name.toLowerCase()),
  );
  const whole = { path, start: 0, size: statSync(path).size };
  return formatParagraph([
    ...leading,
    ...others,
    ["Filename", file],
    ["Size", String(whole.size)],
    ["SHA256", sha256Of(whole)],
  ]);
}

function sha256Of(file: FileSlice): string {
  const sum = createHash("sha256");
  for (const piece of piecesOf(file)) sum.update(piece);
  return sum.digest("hex");
}
