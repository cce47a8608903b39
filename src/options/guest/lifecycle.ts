/** When a guest counts as up, and how it is stopped. */
import { mkOption, types, withFile } from "../../module-system/index.ts";
import type { GuestArguments } from "./arguments.ts";

/** Options of a VM's start and end. */
export const lifecycleOptions = {
  microvm: {
    readiness: {
      stage: mkOption({
        type: types.either(
          types.enum(["basic", "agent", "network", "multi-user"]),
          types.strMatching(/^[A-Za-z0-9:_.\\@-]+\.(service|socket|target|mount|path|timer)$/),
        ),
        default: "agent",
        description:
          "How far a guest must be to count as up: `basic` (its file systems are mounted), `agent` (commands can be run), `network`, `multi-user` (everything that starts with it has), or the name of a unit that must have started. A guest that has got to `basic` or `agent` and no farther within the time counts as up as well.",
        example: "nginx.service",
      }),
      timeout: mkOption({
        type: types.ints.positive,
        default: 150,
        description:
          "How many seconds a guest may take to come up. Each stage that it reaches gives it that time anew.",
      }),
    },
    shutdown: {
      timeout: mkOption({
        type: types.ints.positive,
        default: 30,
        description: "How many seconds a guest has to power off when it is asked to; then it is ended.",
      }),
    },
  },
} as const;

/** Declares them. */
export const lifecycle = withFile("src/options/guest/lifecycle.ts", {
  imports: [checks],
  options: lifecycleOptions,
});

function checks({ config }: GuestArguments) {
  return {
    config: {
      assertions: () => [
        {
          assertion: config.microvm.readiness.stage !== "agent" || config.services.qemuGuest.enable,
          message:
            '"microvm.readiness.stage" is "agent", and "services.qemuGuest.enable" is false: a guest without agent never gets there',
        },
      ],
    },
  };
}
