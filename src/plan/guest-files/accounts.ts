/** Users and groups. */
import type { Group, User } from "../../guest/accounts.ts";
import type { GuestConfig } from "../../options/guest.ts";

/** The declared users. */
export function users(config: GuestConfig): User[] {
  return Object.entries(config.users.users).map(([name, user]) => {
    const isRoot = name === "root";
    return {
      name,
      uid: user.uid,
      group: user.group,
      description: user.description,
      home: user.home ?? (isRoot ? "/root" : null),
      shell: user.shell ?? (isRoot ? "/bin/bash" : null),
      hashedPassword: user.hashedPassword,
      extraGroups: user.extraGroups,
      system: !user.isNormalUser,
    };
  });
}

/** The declared groups. */
export function groups(config: GuestConfig): Group[] {
  return Object.entries(config.users.groups).map(([name, { gid, members }]) => ({ name, gid, members }));
}
