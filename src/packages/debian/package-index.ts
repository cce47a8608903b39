/** The packages of a suite. An index is tens of megabytes; a package is parsed when it is asked for. */
import { parseRelations, type Relation, type RelationGroup } from "./dependencies.ts";
import { compareVersions } from "./version.ts";

/** One package of an index. */
export interface DebianPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly essential: boolean;
  /** `required`, `important`, `standard`, `optional` or `extra`. */
  readonly priority: string;
  readonly multiArch: string;
  readonly preDepends: readonly RelationGroup[];
  readonly depends: readonly RelationGroup[];
  readonly recommends: readonly RelationGroup[];
  readonly provides: readonly Relation[];
  readonly conflicts: readonly Relation[];
  readonly breaks: readonly Relation[];
  /** Relative to the archive's top. */
  readonly file: string;
  /** Of the .deb, in bytes. */
  readonly size: number;
  readonly sha256: string;
  /** Unpacked, in KiB, as its maintainer's tools estimate it. */
  readonly installedSize: number;
}

/** All packages that a package set has for one architecture. */
export interface PackageIndex {
  /** The newest version of a package. */
  get(name: string): DebianPackage | undefined;
  /** Packages, other than itself, that say that they provide this name; in the archive's order. */
  providers(name: string): readonly DebianPackage[];
  /** Packages with `Essential: yes`, in the archive's order. */
  essential(): readonly DebianPackage[];
  names(): Iterable<string>;
}

/** Place of one stanza: which text, from where to where. */
interface Stanza {
  readonly text: Buffer;
  readonly start: number;
  readonly end: number;
}

const NEWLINE = 10;
const NAME_FIELD = "Package: ";

/**
 * The index that these `Packages` files make together, of components or of suites; when one name has several
 * versions, the highest counts. `architecture` is the set's, for relations restricted to others.
 */
export function parseIndex(texts: readonly Buffer[], architecture: string): PackageIndex {
  const stanzas = new Map<string, Stanza | readonly Stanza[]>();
  const provided = new Map<string, string[]>();
  const essentialNames = new Set<string>();
  for (const text of texts) {
    const inText = findStanzas(text, stanzas);
    for (const name of namesWith(text, "\nEssential: yes\n", inText)) essentialNames.add(name.owner);
    for (const { owner, value } of namesWith(text, "\nProvides: ", inText)) {
      for (const virtual of value.split(",")) {
        addTo(provided, /^\s*([^\s(:]+)/.exec(virtual)?.[1] ?? "", owner);
      }
    }
  }
  const parsed = new Map<string, DebianPackage>();
  const get = (name: string) => {
    const known = parsed.get(name);
    const stanza = stanzas.get(name);
    if (known !== undefined || stanza === undefined) return known;
    const versions = (isList(stanza) ? stanza : [stanza]).map((one) => parsePackage(one, architecture));
    const newest = versions.reduce((a, b) => (compareVersions(b.version, a.version) > 0 ? b : a));
    parsed.set(name, newest);
    return newest;
  };
  const present = (names: Iterable<string>) =>
    [...new Set(names)].map(get).filter((found) => found !== undefined);
  return {
    get,
    providers: (name) =>
      present(provided.get(name) ?? []).filter(
        (owner) => owner.name !== name && owner.provides.some((provides) => provides.name === name),
      ),
    essential: () => present(essentialNames).filter((found) => found.essential),
    names: () => stanzas.keys(),
  };
}

/** Where each stanza of one text begins and whose it is; ascending, for a search by place. */
interface TextStanzas {
  readonly starts: number[];
  readonly names: string[];
}

function findStanzas(text: Buffer, stanzas: Map<string, Stanza | readonly Stanza[]>): TextStanzas {
  const found: TextStanzas = { starts: [], names: [] };
  for (let start = 0; start < text.length; ) {
    const gap = text.indexOf("\n\n", start);
    const end = gap < 0 ? text.length : gap + 1;
    // Archives' own tools write the name first.
    if (text.toString("latin1", start, start + NAME_FIELD.length) === NAME_FIELD) {
      const name = text.toString("latin1", start + NAME_FIELD.length, text.indexOf(NEWLINE, start));
      const before = stanzas.get(name);
      const stanza = { text, start, end };
      stanzas.set(
        name,
        before === undefined ? stanza : isList(before) ? [...before, stanza] : [before, stanza],
      );
      found.starts.push(start);
      found.names.push(name);
    }
    start = end + 1;
  }
  return found;
}

/** Every stanza that has this field, with the field's first line. */
function* namesWith(
  text: Buffer,
  field: string,
  stanzas: TextStanzas,
): Generator<{ owner: string; value: string }> {
  let index = 0;
  for (let at = text.indexOf(field); at >= 0; at = text.indexOf(field, at + 1)) {
    while (index + 1 < stanzas.starts.length && stanzas.starts[index + 1]! <= at) index++;
    const owner = stanzas.names[index];
    const end = text.indexOf(NEWLINE, at + 1);
    if (owner === undefined) continue;
    yield { owner, value: text.toString("latin1", at + field.length, end < 0 ? text.length : end) };
  }
}

function parsePackage(stanza: Stanza, architecture: string): DebianPackage {
  const fields = new Map<string, string>();
  for (const line of stanza.text.toString("utf8", stanza.start, stanza.end).split("\n")) {
    const colon = line.indexOf(": ");
    if (colon > 0 && !line.startsWith(" ")) fields.set(line.slice(0, colon), line.slice(colon + 2));
  }
  const relations = (field: string) => parseRelations(fields.get(field), architecture);
  return {
    name: fields.get("Package") ?? "",
    version: fields.get("Version") ?? "",
    architecture: fields.get("Architecture") ?? "",
    essential: fields.get("Essential") === "yes",
    priority: fields.get("Priority") ?? "optional",
    multiArch: fields.get("Multi-Arch") ?? "no",
    preDepends: relations("Pre-Depends"),
    depends: relations("Depends"),
    recommends: relations("Recommends"),
    provides: relations("Provides").flat(),
    conflicts: relations("Conflicts").flat(),
    breaks: relations("Breaks").flat(),
    file: fields.get("Filename") ?? "",
    size: Number(fields.get("Size") ?? 0),
    sha256: fields.get("SHA256") ?? "",
    installedSize: Number(fields.get("Installed-Size") ?? 0),
  };
}

function addTo(map: Map<string, string[]>, key: string, value: string): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

function isList(stanza: Stanza | readonly Stanza[]): stanza is readonly Stanza[] {
  return Array.isArray(stanza);
}
