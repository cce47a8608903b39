/** `services.journald`. */
import { type InferConfig, mkIf, mkOption, types, withFile } from "../../../module-system/index.ts";
import { generatedFile } from "../generated-file.ts";

/** Options of systemd-journald. */
export const journaldOptions = {
  services: {
    journald: {
      storage: mkOption({
        type: types.enum(["persistent", "volatile", "auto", "none"]),
        default: "auto",
        description:
          "Where the journal is kept. `auto` is in memory, unless `/var/log/journal` is there: a volume that is mounted there or above keeps it with `persistent`. In NixOS `persistent` is the default; a guest's `/var` is gone when it stops.",
      }),
      console: mkOption({
        type: types.strMatching(/^(\/[^\s]*)?$/),
        default: "",
        description: "Terminal that messages are printed on as well. Empty prints none.",
        example: "/dev/ttyS0",
      }),
      rateLimitInterval: mkOption({
        type: types.strMatching(/^[0-9a-z ]+$/),
        default: "30s",
        description:
          "Time within which messages of a service are counted, systemd.time(7). Zero sets no limit.",
        example: "1min",
      }),
      rateLimitBurst: mkOption({
        type: types.ints.unsigned,
        default: 10000,
        description: "How many messages of a service are kept within that time.",
      }),
      forwardToSyslog: mkOption({
        type: types.bool,
        default: false,
        description:
          "Whether messages are handed to a syslog daemon. In NixOS that follows from such a service.",
      }),
      extraConfig: mkOption({
        type: types.lines,
        default: "",
        description: "More settings of the section [Journal], journald.conf(5).",
        example: "SystemMaxUse=100M\n",
      }),
    },
  },
} as const;

type Config = InferConfig<typeof journaldOptions>;

interface Arguments {
  readonly config: Config;
  readonly options: object;
}

const PATH = ["services", "journald"];

/** journald has no checker: it passes over what it does not know, and says so in its own journal. */
const implementation = ({ config, options }: Arguments) => {
  const text = () => journaldConf(config.services.journald);
  return {
    config: mkIf(() => text() !== UNCHANGED, {
      environment: { etc: { "systemd/journald.conf.d/microvm.conf": generatedFile(options, PATH, text) } },
    }),
  };
};

const UNCHANGED = "[Journal]\n";

/** Only what is not systemd's own default. */
function journaldConf({ console, extraConfig, ...journald }: Config["services"]["journald"]): string {
  return [
    UNCHANGED,
    journald.storage === "auto" ? "" : `Storage=${journald.storage}\n`,
    journald.rateLimitInterval === "30s" ? "" : `RateLimitIntervalSec=${journald.rateLimitInterval}\n`,
    journald.rateLimitBurst === 10000 ? "" : `RateLimitBurst=${journald.rateLimitBurst}\n`,
    console === "" ? "" : `ForwardToConsole=yes\nTTYPath=${console}\n`,
    journald.forwardToSyslog ? "ForwardToSyslog=yes\n" : "",
    extraConfig.trim() === "" ? "" : `${extraConfig.trim()}\n`,
  ].join("");
}

/** Declares them, and writes what differs from systemd's own defaults. */
export const journald = withFile("src/options/guest/services/journald.ts", {
  imports: [implementation],
  options: journaldOptions,
});
