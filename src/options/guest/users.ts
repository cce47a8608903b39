/** `users`: accounts of the guest. */
import { mkOption, types, withFile } from "../../module-system/index.ts";

/** Name of a user or a group. */
const account = types.strMatching(/^[A-Za-z_][A-Za-z0-9_.-]{0,31}$/);

/** A path in passwd(5), whose fields a colon parts. */
const accountPath = types.strMatching(/^\/[^:\n]*$/);

/** `users.users.*`. */
const user = types.submodule({
  options: {
    isNormalUser: mkOption({
      type: types.bool,
      default: false,
      description: "Whether this is a person: group `users`, a home directory, a login shell.",
    }),
    isSystemUser: mkOption({
      type: types.bool,
      default: false,
      description: "Whether this is a service's account.",
    }),
    uid: mkOption({
      type: types.nullOr(types.ints.unsigned),
      default: null,
      description: "User id. Null takes the next free one.",
      example: 1000,
    }),
    group: mkOption({
      type: types.nullOr(account),
      default: null,
      description:
        "Main group. Null takes that of the packages' account, else `users` for a person and the user's own name for others.",
      example: "www-data",
    }),
    extraGroups: mkOption({
      type: types.listOf(account),
      default: [],
      description: "Groups that the user is in beside the main one.",
      example: ["sudo"],
    }),
    description: mkOption({
      type: types.strMatching(/^[^:\n]*$/),
      default: "",
      description: "Full name of the user.",
      example: "Alice Example",
    }),
    home: mkOption({
      type: types.nullOr(accountPath),
      default: null,
      description:
        "Home directory. Null takes that of the packages' account, else `/home/NAME` for a person and `/nonexistent` for others.",
      example: "/srv/alice",
    }),
    shell: mkOption({
      type: types.nullOr(accountPath),
      default: null,
      description:
        "Login shell. Null takes that of the packages' account, else `/bin/bash` for a person and none for others.",
      example: "/usr/bin/zsh",
    }),
    hashedPassword: mkOption({
      type: types.nullOr(types.strMatching(/^[^:\n]*$/)),
      default: null,
      description:
        "Password as crypt(5) writes it. An empty text lets the user in without one; null forbids passwords.",
      example: "$y$j9T$salt$hash",
    }),
    openssh: {
      authorizedKeys: {
        keys: mkOption({
          type: types.listOf(types.strMatching(/^[^\n]+$/)),
          default: [],
          description: "Public keys that may log in as the user, in the format of authorized_keys(5).",
          example: ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA alice@example.org"],
        }),
      },
    },
  },
});

/** `users.groups.*`. */
const group = types.submodule({
  options: {
    gid: mkOption({
      type: types.nullOr(types.ints.unsigned),
      default: null,
      description: "Group id. Null takes the next free one.",
      example: 1000,
    }),
    members: mkOption({
      type: types.listOf(account),
      default: [],
      description: "Users in the group.",
      example: ["alice"],
    }),
  },
});

/** Options of the guest's accounts. */
export const usersOptions = {
  users: {
    users: mkOption({
      type: types.attrsOf(user),
      default: {},
      description: "Users, by name.",
      example: { alice: { isNormalUser: true, extraGroups: ["sudo"] } },
    }),
    groups: mkOption({
      type: types.attrsOf(group),
      default: {},
      description: "Groups, by name.",
      example: { pictures: { members: ["alice"] } },
    }),
  },
} as const;

/** Declares them. */
export const users = withFile("src/options/guest/users.ts", { options: usersOptions });
