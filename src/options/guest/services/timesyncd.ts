/** `services.timesyncd`. */
import { type InferConfig, mkIf, mkOption, types, withFile } from "../../../module-system/index.ts";
import { generatedFile } from "../generated-file.ts";

/** Options of systemd-timesyncd. */
export const timesyncdOptions = {
  networking: {
    timeServers: mkOption({
      type: types.listOf(types.strMatching(/^\S+$/)),
      default: [],
      description: "Servers that tell the time. Without any, the package's own are asked.",
      example: ["0.pool.ntp.org"],
    }),
  },
  services: {
    timesyncd: {
      enable: mkOption({
        type: types.bool,
        default: false,
        description:
          "Whether systemd-timesyncd sets the guest's clock by the network. NixOS does so by default; a microVM has its host's clock when it starts, and needs this only when it runs for long.",
      }),
      servers: mkOption({
        type: types.listOf(types.strMatching(/^\S+$/)),
        default: [],
        description: "More servers that systemd-timesyncd asks, before `networking.timeServers`.",
        example: ["0.pool.ntp.org"],
      }),
      extraConfig: mkOption({
        type: types.lines,
        default: "",
        description: "More settings of the section [Time], timesyncd.conf(5).",
        example: "PollIntervalMaxSec=180\n",
      }),
    },
  },
} as const;

type Config = InferConfig<typeof timesyncdOptions>;

const implementation = ({ config, options }: { readonly config: Config; readonly options: object }) => ({
  config: mkIf(() => config.services.timesyncd.enable, {
    environment: {
      servicePackages: ["systemd-timesyncd"],
      etc: {
        "systemd/timesyncd.conf.d/microvm.conf": generatedFile(options, ["services", "timesyncd"], () =>
          timesyncdConf(config),
        ),
      },
    },
  }),
});

function timesyncdConf({ networking, services: { timesyncd } }: Config): string {
  const { extraConfig } = timesyncd;
  const servers = [...timesyncd.servers, ...networking.timeServers];
  const lines = [
    "[Time]",
    ...(servers.length > 0 ? [`NTP=${servers.join(" ")}`] : []),
    ...(extraConfig.trim() === "" ? [] : [extraConfig.trim()]),
  ];
  return `${lines.join("\n")}\n`;
}

/** Declares them, and runs the package set's systemd-timesyncd. */
export const timesyncd = withFile("src/options/guest/services/timesyncd.ts", {
  imports: [implementation],
  options: timesyncdOptions,
});
