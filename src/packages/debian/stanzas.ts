/** The stanzas of a `Packages` file, one after the other, without holding more than a few megabytes as text. */

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
  "Pre-Depends",
  "Depends",
  "Conflicts",
  "Breaks",
  "Recommends",
  "Suggests",
  "Replaces",
  "Enhances",
  "Provides",
  "Filename",
  "Size",
  "SHA256",
  "Installed-Size",
] as const;

/** The name of one of them. */
export type KeptField = (typeof KEPT_FIELDS)[number];

/** The values of one stanza's kept fields, in the order of `KEPT_FIELDS`; empty where there is none. */
export type Stanza = readonly string[];

/** Bytes that are looked at at once. A stanza that is longer is no package's, and is left out. */
const CHUNK = 8 * 1024 * 1024;

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

/**
 * Calls back with each stanza. The array is the same each time: what is needed later must be taken out of it.
 * Bytes are given as Latin-1 characters, so that nothing is lost of a text in another encoding.
 */
export function forEachStanza(text: Buffer, take: (stanza: Stanza) => void): void {
  const values: string[] = KEPT_FIELDS.map(() => "");
  for (let start = 0; start < text.length; ) {
    const end = chunkEnd(text, start);
    if (end - start <= CHUNK) takeChunk(text.toString("latin1", start, end), values, take);
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

function takeChunk(text: string, values: string[], take: (stanza: Stanza) => void): void {
  let isEmpty = true;
  for (let start = 0; start < text.length; ) {
    const end = lineEnd(text, start);
    if (end === start) {
      if (!isEmpty) take(values);
      if (!isEmpty) values.fill("");
      isEmpty = true;
      start++;
    } else {
      const valueEnd = folded(text, end);
      takeField(text, start, end, valueEnd, values);
      isEmpty = false;
      start = valueEnd + 1;
    }
  }
  if (!isEmpty) take(values);
  values.fill("");
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
