/** The stanzas of a `Packages` file: where each is, and what stands in one. */

/** Fields that mention packages, in the order in which apt reads them. */
export const RELATION_FIELDS = [
  "Pre-Depends",
  "Depends",
  "Conflicts",
  "Breaks",
  "Recommends",
  "Suggests",
  "Replaces",
  "Enhances",
  "Provides",
] as const;

/** The fields that an index keeps. Everything else of a stanza is passed over. */
export const KEPT_FIELDS = [
  "Package",
  "Version",
  "Architecture",
  "Essential",
  "Important",
  "Protected",
  "Priority",
  "Multi-Arch",
  ...RELATION_FIELDS,
  "Filename",
  "Size",
  "SHA256",
  "Installed-Size",
] as const;

/** The name of one of them. */
export type KeptField = (typeof KEPT_FIELDS)[number];

/** The values of one stanza's kept fields, in the order of `KEPT_FIELDS`; empty where there is none. */
export type Stanza = readonly string[];

/** Position of each kept field in a stanza. */
const FIELD = Object.fromEntries(KEPT_FIELDS.map((name, at) => [name, at])) as Record<KeptField, number>;

/** Bytes that are looked at at once. A stanza that is longer is no package's, and is left out. */
const CHUNK = 8 * 1024 * 1024;

const NEWLINE = 10;
const COLON = 58;
const SPACE = 32;
const TAB = 9;

/** Kept fields by the length of their name, to pass over most lines without making a string. */
const BY_LENGTH: readonly (
  | readonly { readonly usual: string; readonly name: string; readonly at: number }[]
  | undefined
)[] = Array.from({ length: 1 + Math.max(...KEPT_FIELDS.map((name) => name.length)) }, (_, length) => {
  const fields = KEPT_FIELDS.map((name, at) => ({ usual: `${name}:`, name: name.toLowerCase(), at }));
  const named = fields.filter(({ name }) => name.length === length);
  return named.length > 0 ? named : undefined;
});

/** A stanza that was found. */
export interface FoundStanza {
  readonly name: string;
  /** Place in the text, in bytes. */
  readonly start: number;
  readonly length: number;
  /** Value of `Provides`. */
  readonly provides: string;
  /** Whether it may be provided for other architectures: `Multi-Arch: allowed`. */
  readonly isAllowed: boolean;
  readonly isEssential: boolean;
}

/** How a stanza begins as the tools of archives write it. */
const USUAL_START = "Package: ";

/** Lines that matter for more than their own package. */
const MARK = /\n(?:(provides):|(essential):[ \t]*yes|multi-arch:[ \t]*allowed)/gi;

/**
 * Calls back with each stanza that has a name, looking at little more than that. Bytes are taken for Latin-1 characters,
 * so that nothing is lost of a text in another encoding. No more than a few megabytes are held as text.
 */
export function scanStanzas(text: Buffer, take: (stanza: FoundStanza) => void): void {
  for (let start = 0; start < text.length; ) {
    const end = chunkEnd(text, start);
    if (end - start <= CHUNK) scanChunk(text.toString("latin1", start, end), start, take);
    start = end;
  }
}

/** Where a chunk ends: behind its last whole stanza, or behind its only one. */
function chunkEnd(text: Buffer, start: number): number {
  if (text.length - start <= CHUNK) return text.length;
  const last = text.lastIndexOf("\n\n", start + CHUNK - 2);
  const gap = last > start ? last : text.indexOf("\n\n", start);
  return gap < 0 ? text.length : gap + 2;
}

function scanChunk(text: string, offset: number, take: (stanza: FoundStanza) => void): void {
  MARK.lastIndex = 0;
  let mark = MARK.exec(text);
  for (let start = 0; start < text.length; ) {
    if (text.charCodeAt(start) === NEWLINE) {
      start++;
      continue;
    }
    const gap = text.indexOf("\n\n", start);
    const end = gap < 0 ? text.length : gap + 1;
    const isUsual = text.startsWith(USUAL_START, start);
    const parsed = isUsual ? undefined : parseStanza(text.slice(start, end));
    let provides = parsed ? fieldOf(parsed, "Provides") : "";
    let isAllowed = parsed !== undefined && fieldOf(parsed, "Multi-Arch") === "allowed";
    let isEssential = parsed !== undefined && fieldOf(parsed, "Essential") !== "";
    for (; mark && mark.index < end; mark = MARK.exec(text)) {
      const at = MARK.lastIndex;
      if (mark[1] !== undefined) provides = text.slice(at, folded(text, lineEnd(text, at)));
      else if (mark[2] !== undefined) isEssential = true;
      else isAllowed = true;
    }
    const name = parsed
      ? fieldOf(parsed, "Package")
      : text.slice(start + USUAL_START.length, lineEnd(text, start)).trim();
    const found = { name, start: offset + start, length: end - start, provides, isAllowed, isEssential };
    if (name !== "") take(found);
    start = end;
  }
}

/** The fields of one stanza. */
export function parseStanza(text: string): Stanza {
  const values: string[] = KEPT_FIELDS.map(() => "");
  for (let start = 0; start < text.length; ) {
    const end = lineEnd(text, start);
    const valueEnd = folded(text, end);
    takeField(text, start, end, valueEnd, values);
    start = valueEnd + 1;
  }
  return values;
}

/** A field's value; empty where there is none. */
export function fieldOf(stanza: Stanza, field: KeptField): string {
  return stanza[FIELD[field]]!;
}

function takeField(text: string, start: number, end: number, valueEnd: number, values: string[]): void {
  const colon = colonWithin(text, start, Math.min(end, start + BY_LENGTH.length));
  const candidates = BY_LENGTH[colon - start];
  if (candidates === undefined) return;
  for (const { usual, name, at } of candidates) {
    // Archives write the names as the manual does, and then no text is made to compare.
    if (!text.startsWith(usual, start) && text.slice(start, colon).toLowerCase() !== name) continue;
    values[at] = text.slice(colon + 1, valueEnd).trim();
    return;
  }
}

/** Where the colon is; before `start` when there is none. */
function colonWithin(text: string, start: number, end: number): number {
  for (let at = start; at < end; at++) if (text.charCodeAt(at) === COLON) return at;
  return -1;
}

function lineEnd(text: string, start: number): number {
  const end = text.indexOf("\n", start);
  return end < 0 ? text.length : end;
}

/** The end of a field whose first line ends here: lines that begin with a blank go on with it. */
function folded(text: string, firstEnd: number): number {
  let end = firstEnd;
  while (end + 1 < text.length && isBlank(text.charCodeAt(end + 1))) end = lineEnd(text, end + 1);
  return end;
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}
