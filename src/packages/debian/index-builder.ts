/** From `Packages` files to the tables of an index. Pure, and linear in time and memory in what it is given. */
import { crc32 } from "node:zlib";
import { parseRelation } from "./dependencies.ts";
import { Strings, tooMuch, Words } from "./growing.ts";
import { grouped } from "./index-layout.ts";
import { type IndexTables, STANZA_WORDS } from "./index-tables.ts";
import { isName } from "./stanza-fields.ts";
import { type FoundStanza, scanStanzas } from "./stanzas.ts";

/** Names and stanzas that an index may have: thirty times those of Debian's largest. */
const MAX_ENTRIES = 4_000_000;

/** Bytes that all texts may have: their places are 32 bits. */
const MAX_SIZE = 2 ** 32;

/** The tables of these decompressed `Packages` files. Errors: `index-invalid` when they are beyond all measure. */
export function buildTables(texts: readonly Buffer[], architecture: string): IndexTables {
  const builder = new IndexBuilder(architecture);
  for (const text of texts) builder.add(text);
  return builder.finish();
}

class IndexBuilder {
  private readonly architecture: string;
  private readonly names = new Strings();
  private readonly stanzas = new Words();
  private readonly essential = new Words();
  /** Name and stanza, by turns. */
  private readonly owners = new Words();
  private readonly provided = new Words();
  private readonly textLengths = new Words();
  private size = 0;

  constructor(architecture: string) {
    this.architecture = architecture;
  }

  add(text: Buffer): void {
    if (this.size + text.length > MAX_SIZE) throw tooMuch("more than 4 GiB of text");
    scanStanzas(text, (stanza) => {
      if (isName(stanza.name)) this.addStanza(stanza, text);
    });
    this.size += text.length;
    this.textLengths.push(text.length);
  }

  finish(): IndexTables {
    const names = this.names.toArrays();
    const count = this.names.count;
    const stanzas = grouped(this.owners, count);
    const providers = grouped(this.provided, count);
    return {
      names: names.bytes,
      nameEnds: names.ends,
      slots: this.names.toSlots(),
      stanzaStarts: stanzas.starts,
      stanzaIds: stanzas.values,
      providerStarts: providers.starts,
      providerIds: providers.values,
      stanzas: this.stanzas.toArray(),
      essential: this.essential.toArray(),
      textLengths: this.textLengths.toArray(),
    };
  }

  private addStanza(stanza: FoundStanza, text: Buffer): void {
    const { name, start, length, provides, isAllowed, isEssential } = stanza;
    const id = this.stanzas.length / STANZA_WORDS;
    const nameId = this.names.intern(name);
    const checksum = crc32(text.subarray(start, start + length));
    const words = [nameId, this.size + start, length, checksum, this.textLengths.length];
    for (const word of words) this.stanzas.push(word);
    this.owners.push(nameId);
    this.owners.push(id);
    if (isEssential) this.essential.push(id);
    if (provides !== "") this.addProvides(provides, id, isAllowed);
    // A relation with `:any` wants `NAME:any`, which these provide, as apt has it.
    if (isAllowed) this.provide(`${name}:any`, id);
    if (Math.max(this.names.count, id) > MAX_ENTRIES)
      throw tooMuch(`more than ${MAX_ENTRIES} names or packages`);
  }

  private addProvides(field: string, id: number, isAllowed: boolean): void {
    for (const part of field.split(/[,|]/)) {
      const relation = parseRelation(part, this.architecture);
      if (relation === undefined) continue;
      const { name, qualifier, version } = relation;
      const isOwn = qualifier === undefined || qualifier === "native" || qualifier === this.architecture;
      // What is provided is one version or none, deb-control(5).
      if (version === undefined || version.operator === "=")
        this.provide(isOwn ? name : `${name}:${qualifier}`, id);
      if (isAllowed && qualifier === undefined) this.provide(`${name}:any`, id);
    }
  }

  private provide(name: string, id: number): void {
    this.provided.push(this.names.intern(name));
    this.provided.push(id);
  }
}
