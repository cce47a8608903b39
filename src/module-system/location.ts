/** Where an option or a part of its value lies: attribute names, and numbers for entries of lists. */
export type Location = readonly (string | number)[];

/** A location as people write it: `microvm.volumes[0].size`; names that are no identifier are quoted. */
export function showLocation(location: Location): string {
  let text = "";
  for (const part of location) {
    if (typeof part === "number") text += `[${part}]`;
    else text += (text === "" ? "" : ".") + (/^[\w@<>*+-]+$/.test(part) ? part : JSON.stringify(part));
  }
  return text;
}
