/** What is sent into a guest for a change: the files that `guest-script.ts` reads, in a directory. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { mkdirSync, writeFileSync } from "../os/files.ts";
import { ACCOUNT_FILES } from "./account-changes.ts";
import { CHANGE_SCRIPT } from "./guest-script.ts";
import type { LayerEntry, PathChange } from "./layer-tree.ts";
import type { LiveChange } from "./plan-change.ts";

/** Writes it. `runner` is the name of what the guest becomes. */
export function writeBundle(
  directory: string,
  { paths, accounts, units, steps }: LiveChange,
  runner: string,
): void {
  const write = (path: string, content: string | Buffer) => writeFileSync(join(directory, path), content);
  const lines = (path: string, all: readonly string[]) =>
    write(path, all.map((line) => `${line}\n`).join(""));
  write("change.sh", CHANGE_SCRIPT);
  write("runner", `${runner}\n`);
  mkdirSync(join(directory, "content"));
  lines("files", inOrder(paths).map(fileLine));
  for (const [number, { next }] of inOrder(paths).entries()) {
    if (next?.type === "file") write(`content/${number}`, next.content);
    if (next?.type === "symlink") write(`content/${number}`, next.target);
  }
  for (const [name, texts] of Object.entries(accounts ?? {})) {
    mkdirSync(join(directory, "accounts", name), { recursive: true });
    for (const file of ACCOUNT_FILES) write(`accounts/${name}/${file}`, texts[file]);
  }
  lines(
    "units",
    Object.entries(units).flatMap(([list, names]: [string, readonly string[]]) =>
      names.map((unit) => `${list} ${unit}`),
    ),
  );
  lines(
    "steps",
    steps.flatMap(({ step, paths }) => paths.map((path) => `${step} ${path}`)),
  );
}

/** Directories are made before what is in them, and emptied after. */
function inOrder(changes: readonly PathChange[]): readonly PathChange[] {
  const isEmptied = ({ former, next }: PathChange) => next === undefined && former?.type === "directory";
  return [...changes.filter((one) => !isEmptied(one)), ...changes.filter(isEmptied).toReversed()];
}

function fileLine({ path, former, next }: PathChange, number: number): string {
  const mode = next && next.type !== "symlink" ? next.mode.toString(8) : "-";
  const owner = next && next.type !== "symlink" ? next.owner : "-";
  return [kindOf(former, next), number, mode, owner, checksum(former), path].join(" ");
}

function kindOf(former: LayerEntry | undefined, next: LayerEntry | undefined): string {
  if (next === undefined) return former?.type === "directory" ? "emptied" : "gone";
  return next.type === "symlink" ? "link" : next.type;
}

/** As the script's `sum_of`. */
function checksum(entry: LayerEntry | undefined): string {
  if (entry === undefined || entry.type === "directory") return "-";
  const content = entry.type === "symlink" ? `link:${entry.target}` : entry.content;
  return createHash("sha256").update(content).digest("hex");
}
