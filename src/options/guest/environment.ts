/** `environment` and `time`: packages, files and variables of the guest. */
import { makeType, mkIf, mkOption, type OptionType, types, withFile } from "../../module-system/index.ts";

const originOptions = {
  option: mkOption({ type: types.str, description: "Name of the option.", example: "services.nginx" }),
  definedIn: mkOption({
    type: types.listOf(types.str),
    description: "Files of the modules that define it.",
    example: ["modules/web-server.ts"],
  }),
} as const;

/** A name, or a number behind a plus sign: NixOS's way to write it. */
const account = types.strMatching(/^(?:[A-Za-z_][A-Za-z0-9_.-]{0,31}|\+\d{1,9})$/);

/** `environment.etc.*` and `environment.files.*`. */
const declaredFile = types.submodule({
  options: {
    enable: mkOption({
      type: types.bool,
      default: true,
      description: "Whether the file is there: false takes one away that another module declares.",
      example: false,
    }),
    text: mkOption({
      type: types.str,
      description: "Content of the file.",
      example: "Welcome\n",
    }),
    mode: mkOption({
      type: types.strMatching(/^0?[0-7]{3}$/),
      default: "0644",
      description: "Permissions of the file, in octal.",
      example: "0600",
    }),
    user: mkOption({
      type: account,
      default: "root",
      description: "Owner of the file: a name, or a number behind `+`.",
      example: "postgres",
    }),
    group: mkOption({
      type: account,
      default: "root",
      description: "Group of the file: a name, or a number behind `+`.",
      example: "+101",
    }),
    origin: mkOption({
      type: types.nullOr(types.submodule({ options: originOptions })),
      default: null,
      visible: false,
      description: "What the file follows from: a comment in its first line says so.",
    }),
  },
});

/** A name of the time zone database, as far as this program's own copy knows it. */
const timeZone: OptionType<string> = makeType({
  name: "timeZone",
  description: 'time zone, such as "Europe/Berlin"',
  check: (value) => typeof value === "string" && /^[A-Za-z]/.test(value) && isTimeZone(value),
  merge: types.str.merge,
  toJsonSchema: () => ({ type: "string" }),
});

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

const packageNames = types.listOf(types.strMatching(/^[a-z0-9][a-z0-9+.-]+$/));

/** Options of the guest's packages and files. */
export const environmentOptions = {
  environment: {
    packages: mkOption({
      type: packageNames,
      default: [],
      description: "Packages of the package set to install, by name.",
      example: ["curl", "jq"],
    }),
    servicePackages: mkOption({
      type: packageNames,
      default: [],
      visible: false,
      description:
        "What services and other options need of the package set, by name. It is a layer below that of `packages`, and so does not change with them.",
      example: ["nginx"],
    }),
    etc: mkOption({
      type: types.attrsOf(declaredFile),
      default: {},
      description: "Files below `/etc`, by their path there.",
      example: { motd: { text: "Welcome\n" } },
    }),
    files: mkOption({
      type: types.attrsOf(declaredFile),
      default: {},
      description: "Files anywhere in the system, by their absolute path.",
      example: { "/srv/www/index.html": { text: "<h1>Hello</h1>\n" } },
    }),
    packageSettings: mkOption({
      type: types.attrsOf(types.lines),
      default: {},
      visible: false,
      description:
        "Files that are there before the packages are configured, by absolute path: what their scripts are to find. They stay in the guest.",
      example: { "/etc/postgresql-common/createcluster.d/microvm.conf": "create_main_cluster = false\n" },
    }),
    variables: mkOption({
      type: types.attrsOf(types.strMatching(/^[^\n]*$/)),
      default: {},
      description: "Environment variables of every login shell, by name.",
      example: { EDITOR: "vim" },
    }),
    shellAliases: mkOption({
      type: types.attrsOf(types.nullOr(types.strMatching(/^[^\n]*$/))),
      default: {},
      description: "Aliases of interactive shells, by name. Null takes one away.",
      example: { ll: "ls -l" },
    }),
    loginShellInit: mkOption({
      type: types.lines,
      default: "",
      description: "POSIX shell commands of every login shell, `/etc/profile.d`.",
      example: "umask 027\n",
    }),
    interactiveShellInit: mkOption({
      type: types.lines,
      default: "",
      description: "Commands of every interactive bash, `/etc/bash.bashrc`.",
      example: "set -o vi\n",
    }),
  },
  time: {
    timeZone: mkOption({
      type: types.nullOr(timeZone),
      default: null,
      description: "Time zone of the guest, whose package `tzdata` is installed for it. Null is UTC.",
      example: "Europe/Berlin",
    }),
  },
} as const;

interface Time {
  readonly config: { readonly time: { readonly timeZone: string | null } };
}

const implementation = ({ config }: Time) => ({
  config: { environment: { servicePackages: mkIf(() => config.time.timeZone !== null, ["tzdata"]) } },
});

/** Declares them. */
export const environment = withFile("src/options/guest/environment.ts", {
  imports: [implementation],
  options: environmentOptions,
});
