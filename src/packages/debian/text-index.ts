/** Versions of packages, parsed out of the texts of an index when they are asked for. */
import { parseRelation, type Relation, type RelationGroup } from "./dependencies.ts";
import { FirstMentions } from "./first-mentions.ts";
import { type Heap, textAt } from "./growing.ts";
import { hashOf, type IndexTables, STANZA_WORDS, StanzaWord } from "./index-tables.ts";
import type { IndexTexts } from "./index-texts.ts";
import { isUsable, isYes, MAX_TERM, multiArchOf, priorityOf, wordOf } from "./stanza-fields.ts";
import { fieldOf, type KeptField, parseStanza, RELATION_FIELDS, type Stanza } from "./stanzas.ts";
import { compareVersions } from "./version.ts";

/** One version of a package, as an index tells it. */
export interface PackageVersion {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly essential: boolean;
  /** `Protected: yes` or `Important: yes`. */
  readonly important: boolean;
  /** `required`, `important`, `standard`, `optional` or `extra`; empty when the archive says none. */
  readonly priority: string;
  readonly multiArch: string;
  readonly preDepends: readonly RelationGroup[];
  readonly depends: readonly RelationGroup[];
  readonly recommends: readonly RelationGroup[];
  readonly suggests: readonly RelationGroup[];
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
  /** Positions of the sources that have it, ascending. */
  readonly sources: readonly number[];
}

/** An index by its tables and its texts. Two calls for the same version give the same object. */
export class TextIndex {
  private readonly tables: IndexTables;
  private readonly texts: IndexTexts;
  private readonly architecture: string;
  private readonly names: Heap;
  private readonly versions = new Map<number, readonly PackageVersion[]>();
  /** By stanza, of those names whose versions are known. */
  private readonly byStanza = new Map<number, PackageVersion>();
  private readonly groups = new Map<string, readonly RelationGroup[]>();
  private readonly relations = new Map<string, Relation | undefined>();
  private readonly mentions: FirstMentions;

  constructor(tables: IndexTables, texts: IndexTexts, architecture: string) {
    this.tables = tables;
    this.texts = texts;
    this.architecture = architecture;
    this.names = { bytes: tables.names, ends: tables.nameEnds };
    this.mentions = new FirstMentions(tables.stanzas, texts, (text) => this.namesIn(text));
  }

  /** All versions with this name, the highest first; equal ones in the sources' order. */
  versionsOf(name: string): readonly PackageVersion[] {
    const id = this.idOf(name);
    return id === undefined ? [] : this.versionsAt(id);
  }

  /** Versions of packages that provide this name, in the archive's order; `NAME:any` is a name of its own. */
  providersOf(name: string): readonly PackageVersion[] {
    const id = this.idOf(name);
    if (id === undefined) return [];
    const { providerStarts, providerIds } = this.tables;
    const found = Array.from(providerIds.subarray(providerStarts[id]!, providerStarts[id + 1]!), (stanza) => {
      this.versionsAt(this.word(stanza, StanzaWord.name));
      return this.byStanza.get(stanza);
    });
    return [...new Set(found)].filter((version) => version !== undefined);
  }

  /** Names with a stanza, in the order of the index; what stands there may be of no use. */
  *packageNames(): Generator<string> {
    const { stanzaStarts } = this.tables;
    for (let id = 0; id + 1 < stanzaStarts.length; id++) {
      if (stanzaStarts[id + 1]! > stanzaStarts[id]!) yield this.nameAt(id);
    }
  }

  /** Names that have a version with `Essential: yes`, in the order of the index. */
  essentialNames(): readonly string[] {
    const names = new Set<string>();
    for (const stanza of this.tables.essential) {
      const id = this.word(stanza, StanzaWord.name);
      if (this.versionsAt(id).some(({ essential }) => essential)) names.add(this.nameAt(id));
    }
    return [...names];
  }

  /** When a package's name was first mentioned in the archive, relative to others. */
  firstMention(name: string): number {
    return this.mentions.of(name);
  }

  private idOf(name: string): number | undefined {
    const { slots } = this.tables;
    const mask = slots.length - 1;
    for (let slot = hashOf(name) & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
      if (this.nameAt(slots[slot]! - 1) === name) return slots[slot]! - 1;
    }
    return undefined;
  }

  private nameAt(id: number): string {
    return textAt(this.names, id);
  }

  private word(stanza: number, place: number): number {
    return this.tables.stanzas[stanza * STANZA_WORDS + place]!;
  }

  private versionsAt(name: number): readonly PackageVersion[] {
    let known = this.versions.get(name);
    if (known === undefined) {
      known = this.read(name);
      this.versions.set(name, known);
    }
    return known;
  }

  private read(name: number): readonly PackageVersion[] {
    const { stanzaStarts, stanzaIds } = this.tables;
    const found: { version: PackageVersion; sources: number[]; stanzas: number[] }[] = [];
    for (const id of stanzaIds.subarray(stanzaStarts[name]!, stanzaStarts[name + 1]!)) {
      const stanza = parseStanza(this.texts.stanza(id));
      if (fieldOf(stanza, "Package") !== this.nameAt(name) || !isUsable(stanza, this.architecture)) continue;
      const source = this.word(id, StanzaWord.source);
      const version = this.versionOf(stanza, [source]);
      const same = found.find((one) => isSameVersion(one.version, version));
      if (same) {
        if (!same.sources.includes(source)) same.sources.push(source);
        same.stanzas.push(id);
      } else found.push({ version, sources: [source], stanzas: [id] });
    }
    const versions = found.map(({ version, sources, stanzas }) => {
      const whole = { ...version, sources };
      this.byStanza.set(stanzas[0]!, whole);
      return whole;
    });
    return versions.sort((a, b) => compareVersions(b.version, a.version));
  }

  private versionOf(stanza: Stanza, sources: readonly number[]): PackageVersion {
    const groups = (field: KeptField) => this.groupsOf(fieldOf(stanza, field));
    const isProvidable = ({ version }: Relation) => version === undefined || version.operator === "=";
    return {
      name: fieldOf(stanza, "Package"),
      version: fieldOf(stanza, "Version"),
      architecture: fieldOf(stanza, "Architecture"),
      essential: isYes(stanza, "Essential"),
      important: isYes(stanza, "Important") || isYes(stanza, "Protected"),
      priority: priorityOf(stanza),
      multiArch: multiArchOf(stanza),
      preDepends: groups("Pre-Depends"),
      depends: groups("Depends"),
      recommends: groups("Recommends"),
      suggests: groups("Suggests"),
      // What is provided is one version or none, deb-control(5).
      provides: groups("Provides").flat().filter(isProvidable),
      conflicts: groups("Conflicts").flat(),
      breaks: groups("Breaks").flat(),
      // The one field that may be UTF-8.
      file: Buffer.from(fieldOf(stanza, "Filename"), "latin1").toString(),
      size: wordOf(stanza, "Size"),
      sha256: fieldOf(stanza, "SHA256").toLowerCase(),
      installedSize: wordOf(stanza, "Installed-Size"),
      sources,
    };
  }

  /** The groups of a field. Relations of the same text are the same object, wherever they stand. */
  private groupsOf(field: string): readonly RelationGroup[] {
    if (field === "") return [];
    const known = this.groups.get(field);
    if (known) return known;
    const groups = field
      .split(",")
      .map((part) => part.split("|").map((text) => this.relationOf(text)))
      .map((group) => group.filter((relation) => relation !== undefined))
      .filter((group) => group.length > 0);
    this.groups.set(field, groups);
    return groups;
  }

  private relationOf(part: string): Relation | undefined {
    const text = part.trim();
    if (text === "" || text.length > MAX_TERM) return undefined;
    if (!this.relations.has(text)) this.relations.set(text, this.parse(text));
    return this.relations.get(text);
  }

  private parse(text: string): Relation | undefined {
    const relation = parseRelation(text, this.architecture);
    if (relation === undefined) return undefined;
    const { qualifier, ...rest } = relation;
    const isOwn = qualifier === "native" || qualifier === this.architecture;
    return isOwn ? rest : relation;
  }

  /** Names that a stanza mentions, in apt's order; none when it is of no use. */
  private namesIn(text: string): readonly string[] {
    const stanza = parseStanza(text);
    if (!isUsable(stanza, this.architecture)) return [];
    const relations = RELATION_FIELDS.flatMap((field) => this.groupsOf(fieldOf(stanza, field)).flat());
    const named = relations.map(({ name, qualifier }) =>
      qualifier === undefined ? name : `${name}:${qualifier}`,
    );
    return [fieldOf(stanza, "Package"), ...named];
  }
}

/** Whether two are of the same file. */
export function isSameVersion(a: PackageVersion, b: PackageVersion): boolean {
  return a.version === b.version && a.sha256 === b.sha256;
}
