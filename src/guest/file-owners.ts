/** Owners of generated files, by the names that the guest's accounts give them. */
import { join } from "node:path";
import { MicrovmError } from "../errors.ts";
import { lchownSync } from "../os/files.ts";
import type { AccountFiles } from "./accounts.ts";

/** Who a generated file belongs to. */
export interface FileOwner {
  /** The option that declares the file, for errors. */
  readonly option: string;
  /** Relative to the guest's root. */
  readonly path: string;
  /** A name, or a number behind a plus sign. */
  readonly user: string;
  readonly group: string;
}

/** Gives files below `root` to their owners. Only root can. Errors: `config-invalid` for an account that nobody has. */
export function giveFiles(root: string, owners: readonly FileOwner[], accounts: AccountFiles): void {
  for (const { option, path, user, group } of owners) {
    const uid = numberOf(user, accounts.passwd, `"${option}.user"`, "user");
    const gid = numberOf(group, accounts.group, `"${option}.group"`, "group");
    if (process.getuid?.() === 0) lchownSync(join(root, path), uid, gid);
  }
}

/** passwd(5) and group(5) have name and number in the same places. */
function numberOf(name: string, file: string, option: string, kind: "user" | "group"): number {
  if (name.startsWith("+")) return Number(name.slice(1));
  const line = file.split("\n").find((one) => one.startsWith(`${name}:`));
  if (line !== undefined) return Number(line.split(":")[2]);
  throw new MicrovmError("config-invalid", `${option} is "${name}", and the guest has no such ${kind}`, {
    hint: `Declare it in "users.${kind}s", or add the package that brings it`,
  });
}
