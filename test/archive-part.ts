/** The part of an archive that some packages can lead to. */

/** One version of a package in a suite's `Packages`. */
interface Stanza {
  readonly name: string;
  /** Its lines. */
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
  const suites = texts.map((text) =>
    text
      .split("\n\n")
      .filter((stanza) => stanza !== "")
      .map((stanza): Stanza => {
        const name = field(stanza, "Package");
        lead(
          name,
          ["Depends", "Pre-Depends", "Recommends"].flatMap((key) => namesIn(field(stanza, key))),
        );
        for (const provided of namesIn(field(stanza, "Provides"))) lead(provided, [name]);
        if (field(stanza, "Essential") === "yes") essential.push(name);
        const read = { name, text: stanza };
        for (const other of [name, ...RELATIONS.flatMap((key) => namesIn(field(stanza, key)))]) {
          if (!firstSpeakers.has(other)) firstSpeakers.set(other, read);
        }
        return read;
      }),
  );
  return {
    around(names) {
      const reached = new Set([...essential, ...names]);
      for (const name of reached) for (const other of leadsTo.get(name) ?? []) reached.add(other);
      const speakers = new Set([...reached].map((name) => firstSpeakers.get(name)));
      return suites.map((stanzas) =>
        stanzas
          .filter((stanza) => reached.has(stanza.name) || speakers.has(stanza))
          .map(({ text }) => `${text}\n\n`)
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
