/** Faults of declared files: two for one path, and one below another. */
import { isDeepStrictEqual } from "node:util";
import type { GuestConfig } from "./arguments.ts";
import { type DefinedIn, definedIn } from "./defined-in.ts";
import type { Assertion } from "./name-assertions.ts";
import { ABSOLUTE } from "./places.ts";

/** A declared file: the option, its name there, and where it is in the guest. */
interface Declared {
  readonly option: "environment.etc" | "environment.files";
  readonly name: string;
  readonly path: string;
  /** What the file is to be: two that agree are no fault. */
  readonly content: readonly [text: string, mode: number, user: string, group: string];
}

type File = GuestConfig["environment"]["etc"][string];

/** One assertion for each fault, with the files that are at fault. */
export function fileAssertions({ environment }: GuestConfig, options: DefinedIn): Assertion[] {
  const declared = [
    ...filesOf("environment.etc", environment.etc, (name) => `/etc/${name}`),
    ...filesOf("environment.files", environment.files, (name) => name),
  ].filter(({ path }) => ABSOLUTE.test(path));
  const byPath = new Map(declared.map((file) => [file.path, file]));
  return [...twice(declared, options), ...below(declared, byPath, options)].map((message) => ({
    assertion: false,
    message,
  }));
}

function filesOf(
  option: Declared["option"],
  files: Readonly<Record<string, File>>,
  pathOf: (name: string) => string,
): Declared[] {
  return Object.entries(files)
    .filter(([, { enable }]) => enable)
    .map(([name, { text, mode, user, group }]) => ({
      ...{ option, name, path: pathOf(name) },
      content: [text, Number.parseInt(mode, 8), user, group],
    }));
}

function twice(declared: readonly Declared[], options: DefinedIn): string[] {
  return [...Map.groupBy(declared, ({ path }) => path)].flatMap(([path, [first, other]]) =>
    !other || isDeepStrictEqual(first!.content, other.content)
      ? []
      : [
          `"${path}" is declared twice with different content, by ${shown(first!, options)} and by ${shown(other, options)}`,
        ],
  );
}

function below(
  declared: readonly Declared[],
  byPath: ReadonlyMap<string, Declared>,
  options: DefinedIn,
): string[] {
  return declared.flatMap((file) => {
    const above = parents(file.path).flatMap((path) => byPath.get(path) ?? [])[0];
    return above
      ? [
          `"${above.path}" is declared as a file by ${shown(above, options)}, and as a directory by ${shown(file, options)}`,
        ]
      : [];
  });
}

function parents(path: string): string[] {
  const parts = path.split("/").slice(1, -1);
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join("/")}`);
}

function shown({ option, name }: Declared, options: DefinedIn): string {
  return `${option}.${JSON.stringify(name)}${definedIn(options, option, [name])}`;
}
