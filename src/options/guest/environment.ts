/** `environment` and `time`: packages, files and variables of the guest. */
import { mkOption, types, withFile } from "../../module-system/index.ts";

/** `environment.etc.*` and `environment.files.*`. */
const declaredFile = types.submodule({
  options: {
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
  },
});

/** Options of the guest's packages and files. */
export const environmentOptions = {
  environment: {
    packages: mkOption({
      type: types.listOf(types.strMatching(/^[a-z0-9][a-z0-9+.-]+$/)),
      default: [],
      description: "Packages of the package set to install, by name.",
      example: ["curl", "jq"],
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
    variables: mkOption({
      type: types.attrsOf(types.strMatching(/^[^\n]*$/)),
      default: {},
      description: "Environment variables of every login, by name.",
      example: { EDITOR: "vim" },
    }),
  },
  time: {
    timeZone: mkOption({
      type: types.nullOr(types.strMatching(/^[A-Za-z0-9_+-]+(\/[A-Za-z0-9_+-]+)*$/)),
      default: null,
      description: "Time zone of the guest. Null is UTC.",
      example: "Europe/Berlin",
    }),
  },
} as const;

/** Declares them. */
export const environment = withFile("src/options/guest/environment.ts", { options: environmentOptions });
