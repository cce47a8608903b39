/**
 * From `Packages` files to the tables of a compact index. Pure, and linear in time and memory in what it is
 * given.
 *
 * Names are numbered as they are first mentioned, be it as a package, in a relation, or as what a package
 * provides: the number of a name is how apt decides between providers that are equal otherwise. A relation
 * with `:any` has the name `NAME:any`, which packages with `Multi-Arch: allowed` provide, as apt has it.
 */
import { parseRelation, type Relation } from "./dependencies.ts";
import { Strings, textAt, Words } from "./growing.ts";
import { grouped, hashTable, sortVersions, tooMuch } from "./index-layout.ts";
import {
  type IndexTables,
  OPERATORS,
  OR,
  RELATION_WORDS,
  VERSION_WORDS,
  VersionWord,
} from "./index-tables.ts";
import { fieldValue, flagsOf, isUsable, MAX_TERM, wordOf } from "./stanza-fields.ts";
import { forEachStanza, type Stanza } from "./stanzas.ts";

/** Names, versions and different relations that an index may have: thirty times those of Debian's largest. */
const MAX_ENTRIES = 4_000_000;

/** Fields of relations that a version's list has, in the order of `RELATION_FIELDS` without `provides`. */
const LISTED = ["Pre-Depends", "Depends", "Conflicts", "Breaks", "Recommends", "Suggests"] as const;

/** Fields that only give names a number. */
const MENTIONED = ["Replaces", "Enhances"] as const;

/** The tables of these decompressed `Packages` files. Errors: `index-invalid` when they are beyond all measure. */
export function buildTables(texts: Iterable<Buffer>, architecture: string): IndexTables {
  const builder = new IndexBuilder(architecture);
  let source = 0;
  for (const text of texts) {
    forEachStanza(text, (stanza) => builder.add(stanza, source));
    source++;
  }
  return builder.finish();
}

class IndexBuilder {
  private readonly architecture: string;
  private readonly names = new Strings();
  private readonly texts = new Strings();
  private readonly versions = new Words();
  private readonly lists = new Words();
  private readonly relations = new Words();
  private readonly sourceSets = new Words();
  private readonly knownSourceSets = new Map<string, number>();
  /** By the relation's text: its number, or -1 for what is none. */
  private readonly knownRelations = new Map<string, number>();
  /** By checksum: the first version with that file. */
  private readonly byDigest = new Map<string, number>();
  private readonly digests: Buffer[] = [];
  /** Name and version, by turns. */
  private readonly provided = new Words();

  constructor(architecture: string) {
    this.architecture = architecture;
  }

  /** Takes a stanza, unless it lacks what a package needs to be fetched and checked. */
  add(stanza: Stanza, source: number): void {
    if (!isUsable(stanza, this.architecture)) return;
    const nameId = this.names.intern(fieldValue(stanza, "Package"));
    const versionId = this.texts.intern(fieldValue(stanza, "Version"));
    const digest = fieldValue(stanza, "SHA256").toLowerCase();
    const known = this.byDigest.get(digest);
    if (known !== undefined && this.isSame(known, nameId, versionId)) {
      this.addSource(known, source);
      return;
    }
    const id = this.versions.length / VERSION_WORDS;
    this.byDigest.set(digest, id);
    this.digests.push(Buffer.from(digest, "hex"));
    this.addVersion(stanza, nameId, versionId, source);
    this.checkSize();
  }

  finish(): IndexTables {
    const names = this.names.toArrays();
    const texts = this.texts.toArrays();
    const count = this.names.count;
    const owners = new Words();
    for (let at = 0; at < this.versions.length; at += VERSION_WORDS) {
      owners.push(this.versions.at(at + VersionWord.name));
      owners.push(at / VERSION_WORDS);
    }
    const versions = grouped(owners, count);
    const versionOf = (id: number) =>
      textAt(texts, this.versions.at(id * VERSION_WORDS + VersionWord.version));
    sortVersions(versions.starts, versions.values, versionOf);
    const providers = grouped(this.provided, count);
    return {
      names: names.bytes,
      nameEnds: names.ends,
      slots: hashTable(this.names.entries(), count),
      versionStarts: versions.starts,
      versionIds: versions.values,
      providerStarts: providers.starts,
      providerIds: providers.values,
      versions: this.versions.toArray(),
      digests: new Uint8Array(Buffer.concat(this.digests)),
      lists: this.lists.toArray(),
      relations: this.relations.toArray(),
      sourceSets: this.sourceSets.toArray(),
      texts: texts.bytes,
      textEnds: texts.ends,
    };
  }

  private isSame(id: number, nameId: number, versionId: number): boolean {
    const at = id * VERSION_WORDS;
    return (
      this.versions.at(at + VersionWord.name) === nameId &&
      this.versions.at(at + VersionWord.version) === versionId
    );
  }

  private addVersion(stanza: Stanza, nameId: number, versionId: number, source: number): void {
    const id = this.versions.length / VERSION_WORDS;
    const words = [
      nameId,
      versionId,
      this.texts.intern(fieldValue(stanza, "Architecture")),
      flagsOf(stanza),
      wordOf(stanza, "Size"),
      wordOf(stanza, "Installed-Size"),
      this.texts.add(fieldValue(stanza, "Filename")),
      this.sourceSet([source]),
      this.lists.length,
    ];
    for (const word of words) this.versions.push(word);
    const isAllowed = fieldValue(stanza, "Multi-Arch") === "allowed";
    const mask = this.lists.length;
    this.lists.push(0);
    for (const [kind, field] of LISTED.entries()) this.addList(fieldValue(stanza, field), mask, kind);
    for (const field of MENTIONED) this.addGroups(fieldValue(stanza, field), () => {});
    this.addProvides(fieldValue(stanza, "Provides"), id, isAllowed, mask);
    if (isAllowed) this.provide(`${fieldValue(stanza, "Package")}:any`, id);
  }

  /** A field's relations behind their count, when there are any; the first word of the list says which are. */
  private addList(field: string, mask: number, kind: number): void {
    if (field === "") return;
    const start = this.lists.length;
    this.lists.push(0);
    this.addGroups(field, (relation, isLast) => this.lists.push(isLast ? relation : (relation | OR) >>> 0));
    this.closeList(start, mask, kind);
  }

  private closeList(start: number, mask: number, kind: number): void {
    this.lists.set(start, this.lists.length - start - 1);
    this.lists.set(mask, this.lists.at(mask) | (1 << kind));
  }

  private addGroups(field: string, take: (relation: number, isLast: boolean) => void): void {
    if (field === "") return;
    for (const part of field.split(",")) {
      // Most groups have one member, and need no second split.
      const alternatives = part.includes("|") ? part.split("|") : [part];
      const ids = alternatives.map((text) => this.relation(text.trim())).filter((id) => id >= 0);
      for (const [at, id] of ids.entries()) take(id, at === ids.length - 1);
    }
  }

  private addProvides(field: string, id: number, isAllowed: boolean, mask: number): void {
    if (field === "") return;
    const start = this.lists.length;
    this.lists.push(0);
    this.addGroups(field, (relation) => {
      const operator = OPERATORS[this.relations.at(relation * RELATION_WORDS + 1)];
      // What is provided is one version or none, deb-control(5).
      if (operator !== undefined && operator !== "=") return;
      this.lists.push(relation);
      const target = this.relations.at(relation * RELATION_WORDS);
      this.provided.push(target);
      this.provided.push(id);
    });
    this.closeList(start, mask, LISTED.length);
    if (!isAllowed) return;
    for (const part of field.split(",")) {
      const relation = parseRelation(part, this.architecture);
      if (relation && relation.qualifier === undefined) this.provide(`${relation.name}:any`, id);
    }
  }

  private provide(name: string, id: number): void {
    this.provided.push(this.names.intern(name));
    this.provided.push(id);
  }

  private relation(text: string): number {
    const known = this.knownRelations.get(text);
    if (known !== undefined) return known;
    if (text.length > MAX_TERM) return -1;
    const relation = parseRelation(text, this.architecture);
    const id = relation ? this.addRelation(relation) : -1;
    this.knownRelations.set(text, id);
    return id;
  }

  private addRelation({ name, qualifier, version }: Relation): number {
    const isOwn = qualifier === undefined || qualifier === "native" || qualifier === this.architecture;
    this.relations.push(this.names.intern(isOwn ? name : `${name}:${qualifier}`));
    this.relations.push(version ? OPERATORS.indexOf(version.operator) : 0);
    this.relations.push(version ? this.texts.intern(version.bound) : 0);
    return this.relations.length / RELATION_WORDS - 1;
  }

  private sourceSet(sources: readonly number[]): number {
    const key = sources.join();
    const known = this.knownSourceSets.get(key);
    if (known !== undefined) return known;
    const at = this.sourceSets.length;
    this.sourceSets.push(sources.length);
    for (const source of sources) this.sourceSets.push(source);
    this.knownSourceSets.set(key, at);
    return at;
  }

  private addSource(id: number, source: number): void {
    const place = id * VERSION_WORDS + VersionWord.sources;
    const at = this.versions.at(place);
    const sources = Array.from({ length: this.sourceSets.at(at) }, (_, index) =>
      this.sourceSets.at(at + 1 + index),
    );
    if (!sources.includes(source)) this.versions.set(place, this.sourceSet([...sources, source]));
  }

  private checkSize(): void {
    const entries = [this.names.count, this.knownRelations.size, this.versions.length / VERSION_WORDS];
    if (Math.max(...entries) > MAX_ENTRIES) {
      throw tooMuch(`more than ${MAX_ENTRIES} names, versions or relations`);
    }
  }
}
