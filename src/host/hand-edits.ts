/** What a person changed in a unit file that the program made, as a drop-in that says the same. */

/** Settings that hold lists, which an empty one clears (systemd.service(5), systemd.exec(5)). */
const LISTS =
  /^(Exec\w+|Condition\w+|Assert\w+|Environment|EnvironmentFile|DeviceAllow|SystemCallFilter|\w+Paths)$/;

type Values = ReadonlyMap<string, readonly string[]>;

/**
 * The drop-in; empty when nothing that counts was changed. What was taken away is cleared. A dependency (`After=`, …)
 * that was taken away comes back: systemd knows no way to clear it in a drop-in.
 */
export function keptChanges(edited: string, original: string): string {
  const [now, before] = [settingsOf(edited), settingsOf(original)];
  const sections = new Map<string, string[]>();
  for (const key of new Set([...before.keys(), ...now.keys()])) {
    const [section, name] = key.split("\0") as [string, string];
    const [wanted, had] = [now.get(key) ?? [], before.get(key) ?? []];
    if (wanted.join("\n") === had.join("\n")) continue;
    const lines = sections.get(section) ?? [];
    const clears = wanted.length === 0 || (LISTS.test(name) && had.length > 0);
    lines.push(...(clears ? [`${name}=`] : []), ...wanted.map((value) => `${name}=${value}`));
    sections.set(section, lines);
  }
  if (sections.size === 0) return "";
  const text = [...sections].map(([section, lines]) => `[${section}]\n${lines.join("\n")}\n`).join("\n");
  return `# What was changed by hand in the unit, before a switch made it anew.\n${text}`;
}

/** Values by `SECTION\0KEY`, in their order. */
function settingsOf(text: string): Values {
  const values = new Map<string, string[]>();
  let section = "";
  // A backslash at the end of a line goes on in the next one.
  for (const line of text.replace(/\\\n/g, " ").split("\n")) {
    const heading = /^\[(.+)\]\s*$/.exec(line)?.[1];
    if (heading !== undefined) section = heading;
    const [, key, value] = /^\s*([A-Za-z-]+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (key === undefined || section === "") continue;
    const place = `${section}\0${key}`;
    values.set(place, [...(values.get(place) ?? []), value!]);
  }
  return values;
}
