/**
 * From `Packages` files to the tables of a compact index. Pure, and linear in time and memory in what it is
 * given.
 *
 * Names are numbered as they are first mentioned, be it as a package, in a relation, or as what a package
 * provides: the number of a name is how apt decides between providers that are equal otherwise. A relation
 * with `:any` has the name `NAME:any`, which packages with `Multi-Arch: allowed` provide, as apt has it.
 */
import { parseRelation, type Relation } from "./dependencies.ts";
import { Strings, textAt, tooMuch, Words } from "./growing.ts";
import { grouped, sortVersions } from "./index-layout.ts";
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
  private readonly relationTexts = new Strings();
  /** By the number of the relation's text: its own number and 1, or 0 for what is none. */
  private readonly relationIds = new Words();
  /** Checksums of the packages' files, in hexadecimal. */
  private readonly knownDigests = new Strings();
  /** By the number of the checksum: the first version with that file. */
  private readonly byDigest = new Words();
  /** Checksums by version. */
  private readonly digests = new Strings();
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
    const digestId = this.knownDigests.intern(digest);
    const id = this.versions.length / VERSION_WORDS;
    if (digestId === this.byDigest.length) this.byDigest.push(id);
    else if (this.isSame(this.byDigest.at(digestId), nameId, versionId)) {
      this.addSource(this.byDigest.at(digestId), source);
      return;
    } else this.byDigest.set(digestId, id);
    this.digests.add(digest);
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
      slots: this.names.toSlots(),
      versionStarts: versions.starts,
      versionIds: versions.values,
      providerStarts: providers.starts,
      providerIds: providers.values,
      versions: this.versions.toArray(),
      digests: fromHexadecimal(this.digests.toArrays().bytes),
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
      this.texts.intern(fieldValue(stanza, "Filename")),
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
    // Looked for again only when it is passed, so that time is linear whatever stands in the field.
    let bar = field.indexOf("|");
    for (let start = 0; start <= field.length; ) {
      const end = endOf(field, ",", start, field.length);
      if (bar >= 0 && bar < end) {
        this.addAlternatives(field, start, end, take);
        bar = field.indexOf("|", end);
      } else {
        const id = this.relation(field, start, end);
        if (id >= 0) take(id, true);
      }
      start = end + 1;
    }
  }

  private addAlternatives(
    field: string,
    start: number,
    end: number,
    take: (relation: number, isLast: boolean) => void,
  ): void {
    let last = -1;
    for (let from = start; from <= end; ) {
      const until = endOf(field, "|", from, end);
      const id = this.relation(field, from, until);
      if (id >= 0 && last >= 0) take(last, false);
      if (id >= 0) last = id;
      from = until + 1;
    }
    if (last >= 0) take(last, true);
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

  /** The number of the relation that this piece of a field is, or -1 for none. */
  private relation(field: string, from: number, until: number): number {
    let [start, end] = [from, until];
    while (start < end && isBlank(field.charCodeAt(start))) start++;
    while (start < end && isBlank(field.charCodeAt(end - 1))) end--;
    if (end - start > MAX_TERM) return -1;
    const textId = this.relationTexts.intern(field, start, end);
    if (textId === this.relationIds.length) {
      const relation = parseRelation(field.slice(start, end), this.architecture);
      this.relationIds.push(relation ? this.addRelation(relation) + 1 : 0);
    }
    return this.relationIds.at(textId) - 1;
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
    const entries = [this.names.count, this.relationTexts.count, this.versions.length / VERSION_WORDS];
    if (Math.max(...entries) > MAX_ENTRIES) {
      throw tooMuch(`more than ${MAX_ENTRIES} names, versions or relations`);
    }
  }
}

/** Where a piece ends: at the mark, or where the whole does. */
function endOf(text: string, mark: string, start: number, end: number): number {
  const at = text.indexOf(mark, start);
  return at < 0 || at > end ? end : at;
}

/** What `trim` takes away of the characters that a byte may be. */
function isBlank(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13) || code === 160;
}

function fromHexadecimal(digits: Uint8Array): Uint8Array {
  return new Uint8Array(Buffer.from(Buffer.from(digits.buffer).toString("latin1"), "hex"));
}
