/** `microvm store diff`. */
import { packageParts } from "../../build/package-parts.ts";
import { MicrovmError } from "../../errors.ts";
import { type ClosureDiff, diffClosures, type PathChange } from "../../store/closure-diff.ts";
import { type Command, parseWords } from "../command.ts";
import { count, formatBytes } from "../units.ts";
import { storeInUse } from "./paths.ts";

/** Shows what differs between two closures. */
export const diffCommand: Command = {
  name: "store diff",
  usage: "store diff OLD NEW [--files]",
  summary: "Show what differs between two store paths and all that they need",
  help: `Shows what a rebuild changed: packages added, removed and of another version; store paths with their sizes and how
many of their files differ; and what all of it changes in size.

Usage: microvm store diff OLD NEW [options]

Options:
      --files  List every file that differs, and what differs in it
      --json   Print an object: parts (packages), paths with their files, size
  -h, --help   Show this

Examples:
  microvm store diff result-old result
  microvm store diff result-old result --files
`,
  needsRoot: true,
  async run(args) {
    const { words, values } = parseWords("store diff", args, {
      files: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    });
    if (words.length !== 2) {
      throw new MicrovmError("bad-usage", '"store diff" takes two store paths', {
        hint: 'See "microvm store diff --help"',
      });
    }
    const { store, find } = storeInUse();
    const [before, after] = words.map(find) as [string, string];
    const diff = await diffClosures(store, before, after, packageParts);
    process.stdout.write(values.json ? `${JSON.stringify(diff, null, 2)}\n` : diffText(diff, values.files));
    return 0;
  },
};

/** Packages, store paths and sizes that differ, for a person; with `files` every file. */
export function diffText({ parts, paths, size }: ClosureDiff, files: boolean): string {
  const versions = (list: readonly string[]) => (list.length === 0 ? "∅" : list.join(", "));
  const lines = [
    ...parts.map(({ name, before, after }) => `${name}: ${versions(before)} → ${versions(after)}`),
    ...(parts.length > 0 && paths.length > 0 ? [""] : []),
    ...paths.flatMap((path) => pathLines(path, files)),
  ];
  const change = size.after - size.before;
  return [
    ...lines,
    ...(lines.length > 0 ? [""] : []),
    `${formatBytes(size.before)} → ${formatBytes(size.after)} (${signed(change)})`,
    "",
  ].join("\n");
}

function pathLines({ name, before, after, files }: PathChange, listed: boolean): string[] {
  if (!before) return [`${name}: ∅ → ${formatBytes(after!.size)}`];
  if (!after) return [`${name}: ${formatBytes(before.size)} → ∅`];
  const line = `${name}: ${count(files.length, "file")} ${files.length === 1 ? "differs" : "differ"}, ${signed(after.size - before.size)}`;
  return [line, ...(listed ? files.map(({ path, what }) => `  ${path || "(itself)"}: ${what}`) : [])];
}

function signed(bytes: number): string {
  return `${bytes < 0 ? "-" : "+"}${formatBytes(Math.abs(bytes))}`;
}
