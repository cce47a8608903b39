/**
 * When names are first mentioned in the texts of an index, be it as a package, in a relation, or as what a package
 * provides: that is how apt decides between providers that are equal otherwise. It is seldom asked, so a name is looked
 * for in the texts; who asks for many has all of them read.
 */
import { STANZA_WORDS, StanzaWord } from "./index-tables.ts";
import type { IndexTexts } from "./index-texts.ts";

/** Names that are looked for one by one. Reading all texts takes as long as looking for about a hundred. */
const FEW = 64;

/** Names that one stanza may mention and have numbers of their own. */
const PER_STANZA = 2 ** 20;

/** First mentions in texts. */
export class FirstMentions {
  private readonly stanzas: Uint32Array;
  private readonly texts: IndexTexts;
  private readonly namesIn: (stanza: string) => readonly string[];
  private readonly known = new Map<string, number>();
  private all = false;

  /** `namesIn` gives what a stanza mentions, in apt's order. */
  constructor(stanzas: Uint32Array, texts: IndexTexts, namesIn: (stanza: string) => readonly string[]) {
    this.stanzas = stanzas;
    this.texts = texts;
    this.namesIn = namesIn;
  }

  /** A number that is the higher the later a name is first mentioned. */
  of(name: string): number {
    const known = this.known.get(name);
    if (known !== undefined) return known;
    if (!this.all && this.known.size >= FEW) this.readAll();
    const found = this.all ? (this.known.get(name) ?? Number.POSITIVE_INFINITY) : this.find(name);
    this.known.set(name, found);
    return found;
  }

  private find(name: string): number {
    const text = this.texts.whole();
    for (let at = text.indexOf(name); at >= 0; ) {
      const stanza = this.stanzaAt(at);
      const position = isWord(text, at, name.length) ? this.positionIn(stanza, name) : -1;
      if (position >= 0) return stanza * PER_STANZA + position;
      at = text.indexOf(name, at + name.length);
    }
    return Number.POSITIVE_INFINITY;
  }

  private positionIn(stanza: number, name: string): number {
    if (stanza < 0) return -1;
    return Math.min(this.namesIn(this.texts.stanza(stanza)).indexOf(name), PER_STANZA - 1);
  }

  private readAll(): void {
    const count = this.stanzas.length / STANZA_WORDS;
    for (let stanza = 0; stanza < count; stanza++) {
      for (const [position, name] of this.namesIn(this.texts.stanza(stanza)).entries()) {
        if (!this.known.has(name))
          this.known.set(name, stanza * PER_STANZA + Math.min(position, PER_STANZA - 1));
      }
    }
    this.all = true;
  }

  /** The stanza that a place of the text is in; -1 for none. */
  private stanzaAt(place: number): number {
    let [low, high] = [0, this.stanzas.length / STANZA_WORDS - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.start(middle) <= place) low = middle;
      else high = middle - 1;
    }
    const end = this.start(low) + this.stanzas[low * STANZA_WORDS + StanzaWord.length]!;
    return high >= 0 && this.start(low) <= place && place < end ? low : -1;
  }

  private start(stanza: number): number {
    return this.stanzas[stanza * STANZA_WORDS + StanzaWord.start]!;
  }
}

/** Whether a piece of a text is a whole name there: most are parts of longer ones. */
function isWord(text: Buffer, at: number, length: number): boolean {
  return !isNameByte(text[at - 1]) && !isNameByte(text[at + length]);
}

function isNameByte(byte: number | undefined): boolean {
  return byte !== undefined && /[A-Za-z0-9+.-]/.test(String.fromCharCode(byte));
}
