/** systemd units as text, systemd.syntax(7). */

/** A value of a setting; a list repeats it. */
export type UnitValue = string | number | boolean | readonly (string | number | boolean)[];

/** The sections of a unit, in order. */
export type UnitSections = Readonly<Record<string, Readonly<Record<string, UnitValue>>>>;

/** The text of a unit. Empty sections are left out. */
export function unitText(sections: UnitSections): string {
  return Object.entries(sections)
    .filter(([, settings]) => Object.keys(settings).length > 0)
    .map(([name, settings]) => `[${name}]\n${Object.entries(settings).flatMap(settingLines).join("")}`)
    .join("\n");
}

function settingLines([key, value]: [string, UnitValue]): string[] {
  const values = Array.isArray(value) ? value : [value];
  return values.map((one) => {
    const text = typeof one === "boolean" ? (one ? "yes" : "no") : String(one);
    // A line break would begin a new setting; a continued line is joined by a blank as well.
    return `${key}=${text.replace(/\s*\\?[\r\n\0]+\s*/g, " ").trim()}\n`;
  });
}

/** Quotes a word of an `Environment=` or `Exec…=` setting: specifiers and quotes are taken literally. */
export function quoteUnitWord(word: string): string {
  return `"${word.replace(/[\\"]/g, "\\$&").replaceAll("%", "%%").replaceAll("\n", "\\n").replaceAll("\r", "\\r")}"`;
}
