/** Faults of declared files: two for one path, and one below another. */
import type { GuestConfig } from "./arguments.ts";
import { type DefinedIn, definedIn } from "./defined-in.ts";
import type { Assertion } from "./name-assertions.ts";
import { ABSOLUTE } from "./places.ts";

/** A declared file: the option, its name there, and where it is in the guest. */
interface Declared {
  readonly option: "environment.etc" | "environment.files";
  readonly name: string;
  readonly path: string;
  readonly text: string;
  readonly mode: string;
}

/** One assertion for each fault, with the files that are at fault. */
export function fileAssertions({ environment }: GuestConfig, options: DefinedIn): Assertion[] {
  const declared = [
    ...Object.entries(environment.etc).map(
      ([name, { text, mode }]): Declared => ({
        option: "environment.etc",
        name,
        path: `/etc/${name}`,
        text,
        mode,
      }),
    ),
    ...Object.entries(environment.files).map(
      ([name, { text, mode }]): Declared => ({ option: "environment.files", name, path: name, text, mode }),
    ),
  ].filter(({ path }) => ABSOLUTE.test(path));
  const byPath = new Map(declared.map((file) => [file.path, file]));
  return [...twice(declared, options), ...below(declared, byPath, options)].map((message) => ({
    assertion: false,
    message,
  }));
}

function twice(declared: readonly Declared[], options: DefinedIn): string[] {
  return [...Map.groupBy(declared, ({ path }) => path)].flatMap(([path, [first, other]]) =>
    !other ||
    (first!.text === other.text && Number.parseInt(first!.mode, 8) === Number.parseInt(other.mode, 8))
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
