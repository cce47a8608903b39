/** `users`: accounts of the guest. What follows from them stands in `accounts.ts`. */
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
    createHome: mkOption({
      type: types.nullOr(types.bool),
      default: null,
      description: "Whether the home directory is made when the guest starts. Null means: for a person.",
      example: true,
    }),
    homeMode: mkOption({
      type: types.strMatching(/^0?[0-7]{3,4}$/),
      default: "0700",
      description: "Permissions of a home directory that is made, in octal.",
      example: "0755",
    }),
    shell: mkOption({
      type: types.nullOr(accountPath),
      default: null,
      description:
        "Login shell. Null takes that of the packages' account, else `users.defaultUserShell` for a person and none for others.",
      example: "/usr/bin/zsh",
    }),
    hashedPassword: mkOption({
      type: types.nullOr(types.strMatching(/^[^:\n]*$/)),
      default: null,
      description:
        "Password as crypt(5) writes it. An empty text lets the user in without one; null forbids passwords. Of several of the five options with a password the first one counts: `hashedPasswordFile`, `password`, `hashedPassword`, `initialPassword`, `initialHashedPassword`.",
      example: "$y$j9T$salt$hash",
    }),
    hashedPasswordFile: mkOption({
      type: types.nullOr(types.str),
      default: null,
      description:
        "Name of a credential of `microvm.credentialFiles` that holds the password as crypt(5) writes it. NixOS takes a path; here the secret stays on the host, and is set when the guest starts. Null takes none.",
      example: "alice-password",
    }),
    password: mkOption({
      type: types.nullOr(types.strMatching(/^[^\n]*$/)),
      default: null,
      description:
        "Password in clear. Only its hash gets into the store, yet the project's file has it for everyone to read: meant for tests. Null sets none.",
      example: "correct horse battery staple",
    }),
    initialPassword: mkOption({
      type: types.nullOr(types.strMatching(/^[^\n]*$/)),
      default: null,
      description:
        "The same as `password`, for configurations that have it: a guest's accounts are new at each start. Null sets none.",
      example: "change me",
    }),
    initialHashedPassword: mkOption({
      type: types.nullOr(types.strMatching(/^[^:\n]*$/)),
      default: null,
      description: "The same as `hashedPassword`, for configurations that have it. Null sets none.",
      example: "$y$j9T$salt$hash",
    }),
    linger: mkOption({
      type: types.bool,
      default: false,
      description: "Whether the user's own units run without a login, loginctl(1).",
    }),
    packages: mkOption({
      type: types.listOf(types.strMatching(/^[a-z0-9][a-z0-9+.-]+$/)),
      default: [],
      description: "Packages for the user. Debian installs packages for everyone, so all users have them.",
      example: ["htop"],
    }),
    definedIn: mkOption({
      type: types.listOf(types.str),
      default: ({ _definedIn }: { readonly _definedIn: readonly string[] }) => _definedIn,
      defaultText: "the modules that define the user",
      readOnly: true,
      visible: false,
      description: "Files of the modules that define the user.",
      example: ["modules/people.ts"],
    }),
    openssh: {
      authorizedKeys: {
        keys: mkOption({
          type: types.listOf(types.strMatching(/^[^\n]+$/)),
          default: [],
          description: "Public keys that may log in as the user, in the format of authorized_keys(5).",
          example: ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA alice@example.org"],
        }),
        keyFiles: mkOption({
          type: types.listOf(types.str),
          default: [],
          description:
            "Files of the project with such keys, relative to its directory. They are read when the guest is evaluated.",
          example: ["keys/alice.pub"],
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
    mutableUsers: mkOption({
      type: types.bool,
      default: true,
      description:
        "Whether passwd(1), useradd(8) and the like may change accounts in the guest. Changes last until the guest stops. False makes the account files read-only.",
    }),
    defaultUserShell: mkOption({
      type: accountPath,
      default: "/bin/bash",
      description: "Login shell of people who have no other.",
      example: "/usr/bin/zsh",
    }),
  },
} as const;

/** Declares them. */
export const users = withFile("src/options/guest/users.ts", { options: usersOptions });
