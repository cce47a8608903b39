/** Layers for tests. */
import type { LayerEntry, LayerTree } from "../layer-tree.ts";

/** A file with this text. */
export function file(text: string, mode = 0o644, owner = "0:0"): LayerEntry {
  return { type: "file", mode, owner, content: Buffer.from(text) };
}

/** A link. */
export function link(target: string): LayerEntry {
  return { type: "symlink", target };
}

/** A layer of these; text is a file's. */
export function layer(entries: Readonly<Record<string, string | LayerEntry>>): LayerTree {
  return new Map(
    Object.entries(entries).map(([path, entry]) => [path, typeof entry === "string" ? file(entry) : entry]),
  );
}

/** Account files with these users and groups, `name:id`, and members of groups behind another colon. */
export function accounts(users: readonly string[], groups: readonly string[]) {
  const lines = (all: readonly string[], line: (name: string, id: string, more: string) => string) =>
    all.map((one) => `${line(...(`${one}::`.split(":") as [string, string, string]))}\n`).join("");
  return {
    passwd: lines(users, (name, id) => `${name}:x:${id}:100::/home/${name}:/bin/sh`),
    shadow: lines(users, (name) => `${name}:!:1:0:99999:7:::`),
    group: lines(groups, (name, id, members) => `${name}:x:${id}:${members}`),
    gshadow: lines(groups, (name, _, members) => `${name}:!::${members}`),
  };
}
