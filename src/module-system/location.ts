/** Where an option or a part of its value lies: attribute names, and numbers for entries of lists. */
export type Location = readonly (string | number)[];

/** A location as people write it: `microvm.volumes[0].size`; names that are no identifier are quoted; the root is `config`. */
export function showLocation(location: Location): string {
  if (location.length === 0) return "config";
  let text = "";
  for (const part of location) {
    if (typeof part === "number") text += `[${part}]`;
    else text += (text === "" ? "" : ".") + (/^[\w@<>*+-]+$/.test(part) ? part : JSON.stringify(part));
  }
  return text;
}
