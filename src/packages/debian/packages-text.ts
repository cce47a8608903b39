/** The stanzas of a `Packages` file, found without parsing more than their names and versions. Pure. */

/** Place of one package in a text. */
export interface FoundStanza {
  readonly name: string;
  readonly version: string;
  readonly start: number;
  /** After its last newline. */
  readonly end: number;
}

const NAME_FIELD = "Package: ";
const VERSION_FIELD = "\nVersion: ";
const NEWLINE = 10;

/** Every package of a text, in its order; stanzas without name or version are left out. */
export function* findStanzas(text: Buffer): Generator<FoundStanza> {
  for (let start = 0; start < text.length; ) {
    const gap = text.indexOf("\n\n", start);
    const end = gap < 0 ? text.length : gap + 1;
    // Archives' own tools write the name first.
    if (text.toString("latin1", start, start + NAME_FIELD.length) === NAME_FIELD) {
      const name = text.toString("latin1", start + NAME_FIELD.length, text.indexOf(NEWLINE, start));
      const at = text.indexOf(VERSION_FIELD, start);
      if (at >= 0 && at < end) {
        const from = at + VERSION_FIELD.length;
        const until = text.indexOf(NEWLINE, from);
        yield { name, version: text.toString("latin1", from, until < 0 ? end : until), start, end };
      }
    }
    start = end + 1;
  }
}

/** Those of the wanted packages (name → version) that a text has, as a text of their own. */
export function pickStanzas(
  text: Buffer,
  wanted: Readonly<Record<string, string>>,
): { readonly text: Buffer; readonly names: ReadonlySet<string> } {
  const names = new Set<string>();
  const parts: Buffer[] = [];
  for (const { name, version, start, end } of findStanzas(text)) {
    if (!Object.hasOwn(wanted, name) || wanted[name] !== version) continue;
    names.add(name);
    parts.push(text.subarray(start, end), Buffer.from("\n"));
  }
  return { text: Buffer.concat(parts), names };
}
