/** The account files of two configuration layers. */
import { join } from "node:path";
import { readFileSync } from "../os/files.ts";
import type { RebootReason } from "./compare-runners.ts";

/** Names of the files, below `/etc`. */
export const ACCOUNT_FILES = ["passwd", "shadow", "group", "gshadow"] as const;

/** Their texts. */
export type Accounts = Readonly<Record<(typeof ACCOUNT_FILES)[number], string>>;

/** The account files of a layer. */
export function readAccounts(layer: string): Accounts {
  return Object.fromEntries(
    ACCOUNT_FILES.map((name) => [name, readFileSync(join(layer, "etc", name), "utf8")]),
  ) as unknown as Accounts;
}

/** Whether anything is another one. */
export function accountsDiffer(former: Accounts, next: Accounts): boolean {
  return ACCOUNT_FILES.some((name) => former[name] !== next[name]);
}

/** Accounts that get another id: their processes and files would be another's. */
export function changedIds(former: Accounts, next: Accounts): RebootReason[] {
  const changed = (file: "passwd" | "group", option: (name: string) => string) => {
    const before = idsOf(former[file]);
    return [...idsOf(next[file])]
      .filter(([name, id]) => before.has(name) && before.get(name) !== id)
      .map(([name, id]) => ({ option: option(name), why: `${before.get(name)} becomes ${id}` }));
  };
  return [
    ...changed("passwd", (name) => `users.users.${name}.uid`),
    ...changed("group", (name) => `users.groups.${name}.gid`),
  ];
}

function idsOf(text: string): ReadonlyMap<string, string> {
  const lines = text.split("\n").filter((line) => line !== "");
  return new Map(lines.map((line) => line.split(":")).map(([name, , id]) => [name!, id!]));
}
