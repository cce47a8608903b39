/** When a guest counts as up, and how it is stopped. */
import { mkOption, types, withFile } from "../../module-system/index.ts";

/** Options of a VM's start and end. */
export const lifecycleOptions = {
  microvm: {
    readiness: {
      stage: mkOption({
        type: types.nullOr(
          types.either(
            types.enum(["basic", "agent", "network", "multi-user"]),
            types.strMatching(/^[A-Za-z0-9:_.\\@-]+\.(service|socket|target|mount|path|timer)$/),
          ),
        ),
        default: null,
        description:
          "How far a guest must be to count as up: `basic` (its file systems are mounted), `agent` (commands can be run), `network`, `multi-user` (everything that starts with it has), or the name of a unit that must have started. A guest that has got to `basic` or `agent` and no farther within the time counts as up as well. Null is `agent`, or `basic` for a guest without agent.",
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
export const lifecycle = withFile("src/options/guest/lifecycle.ts", { options: lifecycleOptions });
