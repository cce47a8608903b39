/** `microvm store path-info`. */

import { presentNames } from "../../store/names.ts";
import { pathInfo } from "../../store/path-info.ts";
import { type Command, parseWords } from "../command.ts";
import { formatBytes } from "../units.ts";
import { storeInUse } from "./paths.ts";

/** Shows what is known of store paths. */
export const pathInfoCommand: Command = {
  name: "store path-info",
  usage: "store path-info [PATH…] [--closure]",
  summary: "Show size, digest, references and recipe of store paths",
  help: `Shows what the store knows of its paths. One path is shown in full; several, and without a PATH all, in one line
each: its size, the size of it and all that it needs, and its name.

Usage: microvm store path-info [PATH…] [options]

Options:
      --closure  Show what the paths need as well
      --json     Print a list of objects: name, path, kind, size, closureSize, digest, time, references, inputs
  -h, --help     Show this

Examples:
  microvm store path-info
  microvm store path-info result
  microvm store path-info result --closure
  microvm store path-info trixie-base --json
`,
  needsRoot: false,
  async run(args) {
    const { words, values } = parseWords("store path-info", args, {
      closure: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    });
    const { store, find } = storeInUse();
    const named = words.length === 0 ? presentNames(store.directory) : words.map(find);
    const names = values.closure ? store.closure(named) : named;
    const infos = names.map((name) => pathInfo(store, name));
    if (values.json) process.stdout.write(`${JSON.stringify(infos, null, 2)}\n`);
    else if (words.length === 1 && !values.closure) process.stdout.write(inFull(infos[0]!));
    else for (const info of infos) process.stdout.write(inOneLine(info));
    return 0;
  },
};

type Info = ReturnType<typeof pathInfo>;

function inOneLine({ size, closureSize, name }: Info): string {
  return `${formatBytes(size).padStart(8)}  ${formatBytes(closureSize).padStart(8)}  ${name}\n`;
}

function inFull(info: Info): string {
  const fields: readonly (readonly [string, string])[] = [
    ["kind", info.kind],
    ["size", formatBytes(info.size)],
    ["closure", formatBytes(info.closureSize)],
    ["digest", info.digest],
    ["since", info.time],
    ...info.references.map((name) => ["needs", name] as const),
    ...Object.entries(info.inputs).flatMap(([key, names]) =>
      [names].flat().map((name) => ["built from", `${name} (${key})`] as const),
    ),
  ];
  return `${info.path}\n${fields.map(([label, text]) => `  ${label.padEnd(12)}${text}\n`).join("")}`;
}
