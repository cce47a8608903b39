/** Ways into a guest: its console and its agent. */
import { mkOption, types } from "../../../module-system/index.ts";

/** Options of the console and of the guest agent. */
export const consoleOptions = {
  services: {
    getty: {
      autologinUser: mkOption({
        type: types.nullOr(types.strMatching(/^[a-z_][a-z0-9_-]*$/)),
        default: null,
        description: "User who is logged in on the console without being asked.",
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
