/** Users and groups. */

import { createHash } from "node:crypto";
import type { Group, User } from "../../guest/accounts.ts";
import { sha512Crypt } from "../../guest/sha512-crypt.ts";
import type { GuestConfig } from "../../options/guest.ts";
import type { ShowFile } from "./entries.ts";

/** The declared users. */
export function users(config: GuestConfig, showFile: ShowFile): User[] {
  return Object.entries(config.users.users).map(([name, user]) => {
    const isRoot = name === "root";
    return {
      name,
      uid: user.uid,
      group: user.group,
      description: user.description,
      home: user.home ?? (isRoot ? "/root" : null),
      shell: user.shell ?? (isRoot ? "/bin/bash" : user.isNormalUser ? config.users.defaultUserShell : null),
      hashedPassword: hashedPassword(name, user, config.networking.hostName),
      extraGroups: user.extraGroups,
      system: !user.isNormalUser,
      definedIn: user.definedIn.map(showFile),
    };
  });
}

type DeclaredUser = GuestConfig["users"]["users"][string];

/** The password as crypt(5) has it; the first of the options that is set. A credential's is set when the guest starts. */
function hashedPassword(name: string, user: DeclaredUser, hostName: string): string | null {
  const hash = (password: string | null) =>
    password === null ? null : sha512Crypt(password, salt(`${hostName} ${name} ${password}`));
  if (user.hashedPasswordFile !== null) return null;
  return (
    hash(user.password) ?? user.hashedPassword ?? hash(user.initialPassword) ?? user.initialHashedPassword
  );
}

/** The same for the same account and password, so that the same declaration gives the same layer. */
function salt(text: string): string {
  return createHash("sha256")
    .update(`microvm salt ${text}`)
    .digest("base64url")
    .replace(/[-_]/g, ".")
    .slice(0, 16);
}

/** The declared groups. */
export function groups(config: GuestConfig): Group[] {
  return Object.entries(config.users.groups).map(([name, { gid, members }]) => ({ name, gid, members }));
}
