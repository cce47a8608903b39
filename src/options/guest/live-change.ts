/** What a guest must pass when its configuration changes while it runs. */
import { type InferConfig, mkIf, mkOption, types, withFile } from "../../module-system/index.ts";

/** Options of changes without a reboot. */
export const liveChangeOptions = {
  microvm: {
    liveChange: {
      check: mkOption({
        type: types.lines,
        default: "",
        description:
          "Shell commands that run in the guest after a change of its configuration without a reboot, once everything is up. When they fail, the guest goes back to its former configuration.",
        example: "curl --fail --silent --max-time 10 http://127.0.0.1/health\n",
      }),
    },
  },
} as const;

/** Where the guest's script looks for the check; `src/live/guest-script.ts` has the same. */
const CHECK = "/usr/local/lib/microvm/live-change-check";

interface Arguments {
  readonly config: InferConfig<typeof liveChangeOptions>;
}

const implementation = ({ config }: Arguments) => ({
  config: mkIf(() => config.microvm.liveChange.check !== "", {
    environment: {
      files: {
        [CHECK]: { text: () => `#!/bin/sh\nset -e\n${config.microvm.liveChange.check}`, mode: "0755" },
      },
    },
  }),
});

/** Declares them, and the file. */
export const liveChange = withFile("src/options/guest/live-change.ts", {
  options: liveChangeOptions,
  imports: [withFile("src/options/guest/live-change.ts", implementation)],
});
