/** Ways into a guest: its console and its agent. */
import { mkOption, types, withFile } from "../../../module-system/index.ts";

/** Options of the console and of the guest agent. */
export const consoleOptions = {
  services: {
    getty: {
      autologinUser: mkOption({
        type: types.nullOr(types.strMatching(/^[a-z_][a-z0-9_-]*$/)),
        default: null,
        description: "User who is logged in on the console without being asked. Null asks for one.",
        example: "root",
      }),
    },
    qemuGuest: {
      enable: mkOption({
        type: types.bool,
        default: true,
        description:
          "Whether the guest runs QEMU's guest agent, by which readiness is told and commands are run.",
      }),
    },
  },
} as const;

/** Declares them. */
export const consoles = withFile("src/options/guest/services/consoles.ts", { options: consoleOptions });
