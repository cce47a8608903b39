/** The system inside a guest: names, accounts, files, units. */
import { mkOption, types } from "../../module-system/index.ts";

/** A value of a unit's setting. */
const unitValue = types.oneOf([types.bool, types.int, types.str, types.listOf(types.str)]);

/** Name of a unit, systemd.unit(5); it becomes part of a path. */
const unitName = types.strMatching(/^[A-Za-z0-9:_.\\@-]+$/);

/** Name of a user or a group. */
const account = types.strMatching(/^[A-Za-z_][A-Za-z0-9_.-]{0,31}$/);

/** A path in passwd(5), whose fields a colon parts. */
const accountPath = types.strMatching(/^\/[^:\n]*$/);

/** `systemd.services.*`. */
const service = types.submodule({
  options: {
    enable: mkOption({
      type: types.bool,
      default: true,
      description: "Whether the unit may start. False masks it, also a package's own.",
    }),
    description: mkOption({ type: types.str, default: "", description: "What the unit is, for a person." }),
    wantedBy: mkOption({
      type: types.listOf(unitName),
      default: [],
      description: "Units that start this one.",
      example: ["multi-user.target"],
    }),
    after: mkOption({ type: types.listOf(types.str), default: [], description: "Units that come first." }),
    before: mkOption({ type: types.listOf(types.str), default: [], description: "Units that come later." }),
    requires: mkOption({
      type: types.listOf(types.str),
      default: [],
      description: "Units without which this one cannot run.",
    }),
    wants: mkOption({
      type: types.listOf(types.str),
      default: [],
      description: "Units that are started with this one.",
    }),
    environment: mkOption({
      type: types.attrsOf(types.str),
      default: {},
      description: "Environment variables.",
    }),
    unitConfig: mkOption({
      type: types.attrsOf(unitValue),
      default: {},
      description: "Settings of the section [Unit].",
    }),
    serviceConfig: mkOption({
      type: types.attrsOf(unitValue),
      default: {},
      description: "Settings of the section [Service].",
      example: { Type: "oneshot" },
    }),
    script: mkOption({
      type: types.lines,
      default: "",
      description: "Shell commands to run as the service's main process.",
    }),
  },
});

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
      description: "User id. Default: the next free one.",
    }),
    group: mkOption({
      type: types.nullOr(account),
      default: null,
      description:
        "Main group. Default: that of the packages' account, else `users` for a person and the user's own name for others.",
    }),
    extraGroups: mkOption({ type: types.listOf(account), default: [], description: "More groups." }),
    description: mkOption({ type: types.strMatching(/^[^:\n]*$/), default: "", description: "Full name." }),
    home: mkOption({
      type: types.nullOr(accountPath),
      default: null,
      description:
        "Home directory. Default: that of the packages' account, else `/home/NAME` for a person and `/nonexistent` for others.",
    }),
    shell: mkOption({
      type: types.nullOr(accountPath),
      default: null,
      description:
        "Login shell. Default: that of the packages' account, else `/bin/bash` for a person and none for others.",
    }),
    hashedPassword: mkOption({
      type: types.nullOr(types.strMatching(/^[^:\n]*$/)),
      default: null,
      description:
        "Password as crypt(5) writes it. An empty text lets the user in without one; null forbids passwords.",
    }),
    openssh: {
      authorizedKeys: {
        keys: mkOption({
          type: types.listOf(types.strMatching(/^[^\n]+$/)),
          default: [],
          description: "Public keys that may log in.",
        }),
      },
    },
  },
});

/** `environment.etc.*`. */
const etcFile = types.submodule({
  options: {
    text: mkOption({ type: types.str, description: "Content of the file." }),
    mode: mkOption({
      type: types.strMatching(/^0?[0-7]{3}$/),
      default: "0644",
      description: "Permissions, in octal.",
    }),
  },
});

/** Options of the guest's system. */
export const systemOptions = {
  networking: {
    hostName: mkOption({
      type: types.strMatching(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/),
      description: "Name of the guest. Default: the VM's name.",
    }),
    domain: mkOption({
      type: types.nullOr(types.strMatching(/^[a-z0-9.-]+$/)),
      default: null,
      description: "Domain of the guest.",
      example: "example.org",
    }),
    hosts: mkOption({
      type: types.attrsOf(types.listOf(types.str)),
      default: {},
      description: "More lines for `/etc/hosts`: names by address.",
      example: { "10.0.0.2": ["db"] },
    }),
    nameservers: mkOption({
      type: types.listOf(types.str),
      default: [],
      description: "Name servers. Default: those that DHCP names.",
    }),
    useDHCP: mkOption({
      type: types.bool,
      default: true,
      description: "Whether interfaces get their addresses by DHCP.",
    }),
  },
  environment: {
    packages: mkOption({
      type: types.listOf(types.strMatching(/^[a-z0-9][a-z0-9+.-]+$/)),
      default: [],
      description: "Packages of the package set to install, by name.",
      example: ["curl", "jq"],
    }),
    etc: mkOption({
      type: types.attrsOf(etcFile),
      default: {},
      description: "Files below `/etc`, by their path there.",
      example: { motd: { text: "Welcome\n" } },
    }),
    files: mkOption({
      type: types.attrsOf(etcFile),
      default: {},
      description: "Files anywhere in the system, by their absolute path.",
      example: { "/srv/www/index.html": { text: "<h1>Hello</h1>\n" } },
    }),
    variables: mkOption({
      type: types.attrsOf(types.strMatching(/^[^\n]*$/)),
      default: {},
      description: "Environment variables of every login.",
    }),
  },
  systemd: {
    services: mkOption({ type: types.attrsOf(service), default: {}, description: "Services, by name." }),
    maskedUnits: mkOption({
      type: types.listOf(unitName),
      default: [],
      description:
        "Units that never start, whoever wants them. With `microvm.optimize.enable` those that a microVM has no use for are among them; `mkForce` replaces the whole list.",
      example: ["apt-daily.timer"],
    }),
  },
  users: {
    users: mkOption({ type: types.attrsOf(user), default: {}, description: "Users, by name." }),
    groups: mkOption({
      type: types.attrsOf(
        types.submodule({
          options: {
            gid: mkOption({
              type: types.nullOr(types.ints.unsigned),
              default: null,
              description: "Group id. Default: the next free one.",
            }),
            members: mkOption({
              type: types.listOf(account),
              default: [],
              description: "Users in the group.",
            }),
          },
        }),
      ),
      default: {},
      description: "Groups, by name.",
    }),
  },
  boot: {
    kernelParams: mkOption({
      type: types.listOf(types.strMatching(/^\S+$/)),
      default: [],
      description: "Words for the kernel's command line.",
      example: ["quiet"],
    }),
    kernelPackage: mkOption({
      type: types.nullOr(types.str),
      default: null,
      description: "Package with the kernel. Default: the package set's kernel for virtual machines.",
      example: "linux-image-amd64",
    }),
    kernelModules: mkOption({
      type: types.listOf(types.str),
      default: [],
      description: "Modules that the guest loads when it starts.",
    }),
    initrd: {
      kernelModules: mkOption({
        type: types.listOf(types.str),
        default: [],
        description: "Modules that the initrd loads before it mounts anything.",
      }),
    },
    kernel: {
      sysctl: mkOption({
        type: types.attrsOf(types.oneOf([types.bool, types.int, types.str])),
        default: {},
        description: "Kernel settings, sysctl(8).",
        example: { "vm.swappiness": 10 },
      }),
    },
  },
  time: {
    timeZone: mkOption({
      type: types.nullOr(types.strMatching(/^[A-Za-z0-9_+-]+(\/[A-Za-z0-9_+-]+)*$/)),
      default: null,
      description: "Time zone. Default: UTC.",
      example: "Europe/Berlin",
    }),
  },
} as const;
