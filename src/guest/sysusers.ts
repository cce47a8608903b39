/** Declared accounts as sysusers.d(5) has them. */
import type { AccountFiles, Group, User } from "./accounts.ts";
import { quoteUnitWord } from "./units.ts";

/** Where they are written, in a layer. */
export const SYSUSERS_FILE = "etc/sysusers.d/microvm.conf";

/**
 * The declared users and groups with the ids that they have in a guest's account files, but for root, and the groups
 * that those users are in. No password is in it: this file cannot have one.
 */
export function sysusersText(files: AccountFiles, users: readonly User[], groups: readonly Group[]): string {
  const [passwd, group] = [lines(files.passwd), lines(files.group)];
  const declared = new Set(users.map(({ name }) => name).filter((name) => name !== "root"));
  const accounts = passwd.filter(([name]) => declared.has(name!));
  const members = (line: readonly string[]) => line[3]!.split(",").filter((name) => declared.has(name));
  const named = new Set(groups.map(({ name }) => name));
  const mainGroups = new Set(accounts.map(([, , , gid]) => gid));
  const wanted = group.filter(
    (line) => named.has(line[0]!) || mainGroups.has(line[2]) || members(line).length > 0,
  );
  return [
    "# systemd.sysusers.enable",
    ...wanted.map(([name, , gid]) => `g ${name} ${gid}`),
    ...accounts.map(
      ([name, , uid, gid, gecos, home, shell]) =>
        `u ${name} ${uid}:${gid} ${quoteUnitWord(gecos!)} ${quoteUnitWord(home!)} ${quoteUnitWord(shell!)}`,
    ),
    ...wanted.flatMap((line) => members(line).map((member) => `m ${member} ${line[0]}`)),
    "",
  ].join("\n");
}

function lines(text: string): string[][] {
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => line.split(":"));
}
