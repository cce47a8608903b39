/** Reads the tables of a compact index: versions of packages, decoded when they are asked for. */
import type { Relation, RelationGroup } from "./dependencies.ts";
import { type Heap, textAt } from "./growing.ts";
import {
  hashOf,
  type IndexTables,
  MULTI_ARCH,
  OPERATORS,
  OR,
  PRIORITIES,
  RELATION_FIELDS,
  RELATION_WORDS,
  VERSION_WORDS,
  VersionFlag,
  VersionWord,
} from "./index-tables.ts";

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
  /** When its name was first mentioned in the archive, relative to others: what apt decides a tie by. */
  readonly rank: number;
  /** Positions of the sources that have it, ascending. */
  readonly sources: readonly number[];
}

type Lists = Readonly<Record<(typeof RELATION_FIELDS)[number], readonly RelationGroup[]>>;

/** An index in its compact form. Two calls with the same number give the same object. */
export class CompactIndex {
  private readonly tables: IndexTables;
  private readonly names: Heap;
  private readonly texts: Heap;
  private readonly versions: (PackageVersion | undefined)[] = [];
  private readonly relations: (Relation | undefined)[] = [];
  private readonly ids = new Map<string, number | undefined>();

  constructor(tables: IndexTables) {
    this.tables = tables;
    this.names = { bytes: tables.names, ends: tables.nameEnds };
    this.texts = { bytes: tables.texts, ends: tables.textEnds };
  }

  /** All versions with this name, the highest first. */
  versionsOf(name: string): readonly PackageVersion[] {
    return this.listed(name, this.tables.versionStarts, this.tables.versionIds);
  }

  /** Versions of packages that provide this name, in the archive's order; `NAME:any` is a name of its own. */
  providersOf(name: string): readonly PackageVersion[] {
    return this.listed(name, this.tables.providerStarts, this.tables.providerIds);
  }

  /** Names that have a version, in the order of the index. */
  *packageNames(): Generator<string> {
    const { versionStarts } = this.tables;
    for (let id = 0; id + 1 < versionStarts.length; id++) {
      if (versionStarts[id + 1]! > versionStarts[id]!) yield this.nameAt(id);
    }
  }

  /** Names that have a version with `Essential: yes`, in the order of the index. */
  essentialNames(): readonly string[] {
    const { versions } = this.tables;
    const names = new Set<number>();
    for (let at = 0; at < versions.length; at += VERSION_WORDS) {
      if (versions[at + VersionWord.flags]! & VersionFlag.essential) names.add(versions[at]!);
    }
    return [...names].map((id) => this.nameAt(id));
  }

  private listed(name: string, starts: Uint32Array, ids: Uint32Array): readonly PackageVersion[] {
    const id = this.idOf(name);
    if (id === undefined) return [];
    return Array.from(ids.subarray(starts[id]!, starts[id + 1]!), (version) => this.versionAt(version));
  }

  private idOf(name: string): number | undefined {
    if (!this.ids.has(name)) this.ids.set(name, this.find(name));
    return this.ids.get(name);
  }

  private find(name: string): number | undefined {
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

  private textAt(id: number): string {
    return textAt(this.texts, id);
  }

  private versionAt(id: number): PackageVersion {
    this.versions[id] ??= this.decode(id);
    return this.versions[id];
  }

  private decode(id: number): PackageVersion {
    const word = (place: number) => this.tables.versions[id * VERSION_WORDS + place]!;
    const flags = word(VersionWord.flags);
    const { sourceSets, digests } = this.tables;
    const sources = word(VersionWord.sources);
    const { provides, conflicts, breaks, ...groups } = this.listsAt(word(VersionWord.list));
    return {
      name: this.nameAt(word(VersionWord.name)),
      version: this.textAt(word(VersionWord.version)),
      architecture: this.textAt(word(VersionWord.architecture)),
      essential: (flags & VersionFlag.essential) !== 0,
      important: (flags & VersionFlag.important) !== 0,
      priority: PRIORITIES[(flags >> VersionFlag.priorityShift) & 7]!,
      multiArch: MULTI_ARCH[(flags >> VersionFlag.multiArchShift) & 3]!,
      ...groups,
      provides: provides.flat(),
      conflicts: conflicts.flat(),
      breaks: breaks.flat(),
      file: this.textAt(word(VersionWord.file)),
      size: word(VersionWord.size),
      sha256: bufferOf(digests).toString("hex", id * 32, id * 32 + 32),
      installedSize: word(VersionWord.installedSize),
      rank: word(VersionWord.name),
      sources: [...sourceSets.subarray(sources + 1, sources + 1 + sourceSets[sources]!)],
    };
  }

  private listsAt(start: number): Lists {
    const { lists } = this.tables;
    const present = lists[start]!;
    let at = start + 1;
    const read = (_field: string, kind: number): readonly RelationGroup[] => {
      if ((present & (1 << kind)) === 0) return [];
      const end = at + 1 + lists[at]!;
      const groups = this.groupsBetween(at + 1, end);
      at = end;
      return groups;
    };
    return Object.fromEntries(
      RELATION_FIELDS.map((field, kind) => [field, read(field, kind)]),
    ) as unknown as Lists;
  }

  private groupsBetween(start: number, end: number): readonly RelationGroup[] {
    const groups: Relation[][] = [];
    let isNew = true;
    for (const word of this.tables.lists.subarray(start, end)) {
      if (isNew) groups.push([]);
      groups.at(-1)!.push(this.relationAt((word & ~OR) >>> 0));
      isNew = (word & OR) === 0;
    }
    return groups;
  }

  private relationAt(id: number): Relation {
    this.relations[id] ??= this.decodeRelation(id);
    return this.relations[id];
  }

  private decodeRelation(id: number): Relation {
    const [target = 0, code = 0, bound = 0] = this.tables.relations.subarray(id * RELATION_WORDS);
    const [name = "", qualifier] = this.nameAt(target).split(":");
    const operator = OPERATORS[code];
    return {
      name,
      ...(qualifier !== undefined && { qualifier }),
      ...(operator !== undefined && { version: { operator, bound: this.textAt(bound) } }),
    };
  }
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
