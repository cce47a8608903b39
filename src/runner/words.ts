/** Words of the runner's scripts, quoted for the shell. */
import type { Word } from "../hypervisors/machine.ts";
import { quoteWord } from "../os/processes.ts";

/** A program of the runner: in a tree below the store with its loader, or on the host's `PATH`. */
export type Program =
  | { readonly onPath: string }
  | {
      readonly loader: string;
      readonly libraries: string;
      readonly file: string;
      readonly name: string;
    };

/** The words that start a program, for the shell. */
export function programWords(program: Program): string {
  if ("onPath" in program) return quoteWord(program.onPath);
  const words: Word[] = [
    [{ store: program.loader }],
    ...["--library-path", [{ store: program.libraries }]],
    ...["--argv0", program.name],
    [{ store: program.file }],
  ];
  return words.map((word) => quote(word, "store")).join(" ");
}

/** An option and its value on one line. */
export function quoteArguments(
  words: readonly Word[],
  variable: "store" | "option_store" = "option_store",
): string {
  return words
    .map((word) => quote(word, variable))
    .reduce((text, word) => (/^'?-/.test(word) ? `${text} \\\n  ${word}` : `${text} ${word}`));
}

/** A word for the shell: literal parts quoted, variables in double quotes. A word that begins with the store is a path. */
function quote(word: Word, inOptions: "store" | "option_store"): string {
  if (typeof word === "string") return quoteWord(word);
  return word
    .map((part, index) => {
      if (typeof part === "string") return part === "" ? "" : quoteWord(part);
      if ("variable" in part) return `"$${part.variable}"`;
      const store = index === 0 ? "store" : inOptions;
      return part.store === "" ? `"$${store}"` : `"$${store}"/${quoteWord(part.store)}`;
    })
    .join("");
}
