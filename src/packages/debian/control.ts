/** Debian's paragraphs of `Field: value` lines (deb822): control files, Release files, apt sources. */

/** Fields of one paragraph, as written. Look a name up with `fieldOf`, which ignores case. */
export type Paragraph = ReadonlyMap<string, string>;

/**
 * The paragraphs of a text. Continuation lines are kept, without the one space in front, joined by newlines;
 * lines that begin with `#` are comments.
 */
export function parseParagraphs(text: string): readonly Paragraph[] {
  const paragraphs: Paragraph[] = [];
  let fields = new Map<string, string>();
  let name: string | undefined;
  const finish = () => {
    if (fields.size > 0) paragraphs.push(fields);
    fields = new Map();
    name = undefined;
  };
  for (const line of text.split("\n")) {
    if (line.startsWith("#")) continue;
    if (line.trim() === "") {
      finish();
    } else if (line.startsWith(" ") || line.startsWith("\t")) {
      if (name !== undefined) fields.set(name, `${fields.get(name)}\n${line.slice(1).trimEnd()}`);
    } else {
      const colon = line.indexOf(":");
      if (colon <= 0) continue;
      name = line.slice(0, colon);
      fields.set(name, line.slice(colon + 1).trim());
    }
  }
  finish();
  return paragraphs;
}

/** A field's value, whatever the case of its name. */
export function fieldOf(paragraph: Paragraph, name: string): string | undefined {
  const exact = paragraph.get(name);
  if (exact !== undefined) return exact;
  const lower = name.toLowerCase();
  for (const [key, value] of paragraph) if (key.toLowerCase() === lower) return value;
  return undefined;
}

/** A paragraph as text, without an empty line at its end. */
export function formatParagraph(fields: Iterable<readonly [string, string]>): string {
  let text = "";
  for (const [name, value] of fields) {
    text += `${name}:${value.startsWith("\n") || value === "" ? "" : " "}${value.replaceAll("\n", "\n ")}\n`;
  }
  return text;
}
