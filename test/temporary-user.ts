/** A user who is not root and exists in a mount namespace only; the machine's own accounts stay as they are. */
import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { needsRoot, temporaryDirectory } from "./support.ts";

/** Their number, and that of their group. */
export const USER_ID = 61234;

/** Why there can be none here, if so. */
export const whyNoUser =
  needsRoot || (existsSync("/usr/bin/newuidmap") ? false : "needs newuidmap, of the package uidmap");

const AS_USER = `
  for file in passwd group subuid subgid; do
    [ -e "/etc/$file" ] || : >"/etc/$file"
    mount --bind "$0/$file" "/etc/$file"
  done
  exec setpriv --reuid ${USER_ID} --regid ${USER_ID} --clear-groups "$@"`;

/** The user `tester` with subordinate ids: what runs a program as them, and the directory of the accounts' files. */
export function temporaryUser(): { readonly command: readonly string[]; readonly accounts: string } {
  const accounts = temporaryDirectory();
  for (const name of ["passwd", "group"]) copyFileSync(`/etc/${name}`, join(accounts, name));
  const add = (name: string, line: string) => {
    const file = join(accounts, name);
    writeFileSync(file, `${existsSync(file) ? readFileSync(file, "utf8") : ""}${line}\n`);
  };
  add("passwd", `tester:x:${USER_ID}:${USER_ID}::/nonexistent:/bin/sh`);
  add("group", `tester:x:${USER_ID}:`);
  add("subuid", "tester:700000:65536");
  add("subgid", "tester:700000:65536");
  return { accounts, command: ["unshare", "--mount", "sh", "-c", AS_USER, accounts] };
}
