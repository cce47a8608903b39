/** The part of an archive that some packages can lead to. */

/** One version of a package in a suite's `Packages`. */
interface Stanza {
  /** Its place among those of its suite. */
  readonly at: number;
  readonly suite: number;
  /** Its lines, and the empty one behind them. */
  readonly text: string;
}

/** Fields that name other packages. */
const RELATIONS = [
  ...["Pre-Depends", "Depends", "Recommends", "Suggests", "Enhances"],
  ...["Conflicts", "Breaks", "Replaces", "Provides"],
];

/** Several suites' `Packages`. */
export interface Archive {
  /**
   * The texts of the suites with only those packages that these, or essential ones, can lead to: by any alternative of
   * any dependency or recommendation, by any package that provides what is asked for. Those that speak of one of them
   * first are there as well, since between equals apt takes what it has heard of first.
   */
  around(names: readonly string[]): readonly string[];
}

/** Looks through the texts once. */
export function readArchive(texts: readonly string[]): Archive {
  const leadsTo = new Map<string, Set<string>>();
  const lead = (from: string, to: readonly string[]) => {
    const known = leadsTo.get(from) ?? new Set();
    leadsTo.set(from, known);
    for (const name of to) known.add(name);
  };
  const firstSpeakers = new Map<string, Stanza>();
  const essential: string[] = [];
  const byName = new Map<string, Stanza[]>();
  for (const [suite, text] of texts.entries()) {
    for (const [at, lines] of text.split("\n\n").entries()) {
      if (lines === "") continue;
      const name = field(lines, "Package");
      lead(
        name,
        ["Depends", "Pre-Depends", "Recommends"].flatMap((key) => namesIn(field(lines, key))),
      );
      for (const provided of namesIn(field(lines, "Provides"))) lead(provided, [name]);
      if (field(lines, "Essential") === "yes") essential.push(name);
      const stanza = { at, suite, text: `${lines}\n\n` };
      byName.set(name, [...(byName.get(name) ?? []), stanza]);
      for (const other of [name, ...RELATIONS.flatMap((key) => namesIn(field(lines, key)))]) {
        if (!firstSpeakers.has(other)) firstSpeakers.set(other, stanza);
      }
    }
  }
  return {
    around(names) {
      const reached = new Set([...essential, ...names]);
      for (const name of reached) for (const other of leadsTo.get(name) ?? []) reached.add(other);
      const found = new Set(
        [...reached].flatMap((name) => [byName.get(name) ?? [], firstSpeakers.get(name) ?? []].flat()),
      );
      const inOrder = [...found].sort((a, b) => a.at - b.at);
      return texts.map((_, index) =>
        inOrder
          .filter(({ suite }) => suite === index)
          .map(({ text }) => text)
          .join(""),
      );
    },
  };
}

function field(stanza: string, name: string): string {
  const start = `\n${stanza}`.indexOf(`\n${name}: `);
  if (start < 0) return "";
  const end = stanza.indexOf("\n", start);
  return stanza.slice(start + name.length + 2, end < 0 ? undefined : end);
}

/** `a (>= 1) | b:any, c` are three names. */
function namesIn(relations: string): string[] {
  return relations
    .split(/[,|]/)
    .map((relation) => relation.trim().split(/[\s(:]/)[0]!)
    .filter((name) => name !== "");
}
