/** Ways into a guest: its console and its agent. */
import { type InferConfig, mkOption, types, withFile } from "../../../module-system/index.ts";
import type { consoleTextOptions } from "../console.ts";
import { definitionFiles } from "../defined-in.ts";
import type { usersOptions } from "../users.ts";

/** Options of the console and of the guest agent. */
export const consoleOptions = {
  services: {
    getty: {
      autologinUser: mkOption({
        type: types.nullOr(types.strMatching(/^[a-z_][a-z0-9_-]*$/)),
        default: null,
        description:
          "User of `users.users` who is logged in on the console without being asked. Null asks for one.",
        example: "root",
      }),
    },
    qemuGuest: {
      enable: mkOption({
        type: types.bool,
        default: true,
        description:
          "Whether the guest runs QEMU's guest agent, by which readiness is told, commands are run and the guest is powered off. Its package is part of every guest's base. In NixOS it is off by default; without it `microvm run` has the console alone.",
      }),
    },
  },
} as const;

interface Arguments {
  readonly config: InferConfig<typeof consoleOptions & typeof usersOptions & typeof consoleTextOptions>;
  readonly options: object;
}

const AUTOLOGIN = ["services", "getty", "autologinUser"];

/** A console that logs in nobody would ask again and again. */
const checks = ({ config, options }: Arguments) => ({
  config: {
    assertions: () => {
      const user = config.services.getty.autologinUser;
      const files = definitionFiles(options, AUTOLOGIN).map((file) => `"${file}"`);
      return [
        {
          assertion: user === null || Object.hasOwn(config.users.users, user),
          message: `"services.getty.autologinUser" is "${user}", which "users.users" does not have, in ${files.join(" and ")}`,
        },
        {
          assertion: user === null || config.console.enable,
          message: `"services.getty.autologinUser" is "${user}", and "console.enable" is false: nobody can log in on a console`,
        },
      ];
    },
  },
});

/** Declares them. */
export const consoles = withFile("src/options/guest/services/consoles.ts", {
  imports: [checks],
  options: consoleOptions,
});
