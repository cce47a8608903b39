/** `services.prometheus.exporters.node`. */
import {
  type InferConfig,
  mkEnableOption,
  mkIf,
  mkOption,
  types,
  withFile,
} from "../../../module-system/index.ts";
import { definitionFiles } from "../defined-in.ts";
import { generatedFile } from "../generated-file.ts";

const collectors = (description: string, example: string) =>
  mkOption({
    type: types.listOf(types.strMatching(/^[a-z0-9_.]+$/)),
    default: [],
    description,
    example: [example],
  });

/** Options of the exporter of a machine's figures. */
export const nodeExporterOptions = {
  services: {
    prometheus: {
      exporters: {
        node: {
          enable: mkEnableOption("the Prometheus exporter of the guest's own figures"),
          port: mkOption({ type: types.port, default: 9100, description: "TCP port to listen on." }),
          listenAddress: mkOption({
            type: types.strMatching(/^[0-9a-zA-Z.:[\]-]*$/),
            default: "0.0.0.0",
            description: "Address to listen on; one of IPv6 stands in brackets.",
            example: "127.0.0.1",
          }),
          openFirewall: mkOption({
            type: types.bool,
            default: false,
            description: "Whether the firewall lets the port in.",
          }),
          enabledCollectors: collectors("Collectors to turn on beside the exporter's own.", "systemd"),
          disabledCollectors: collectors("Collectors to turn off.", "zfs"),
          extraFlags: mkOption({
            type: types.listOf(types.strMatching(/^[^\s'"\\`$]+$/)),
            default: [],
            description: "More words for the exporter's command.",
            example: ["--log.level=warn"],
          }),
        },
      },
    },
  },
} as const;

type Config = InferConfig<typeof nodeExporterOptions>;

interface Arguments {
  readonly config: Config;
  readonly options: object;
}

const PATH = ["services", "prometheus", "exporters", "node"];

/** Runs the package set's exporter, which takes its words from `/etc/default`. */
const implementation = ({ config, options }: Arguments) => {
  const node = () => config.services.prometheus.exporters.node;
  const text = () => `ARGS="${flags(node()).join(" ")}"\n`;
  return {
    config: mkIf(() => node().enable, {
      environment: {
        servicePackages: ["prometheus-node-exporter"],
        etc: { "default/prometheus-node-exporter": generatedFile(options, PATH, text) },
      },
      systemd: { services: { "prometheus-node-exporter": { restartTriggers: () => [text()] } } },
      networking: {
        firewall: {
          allowedTCPPorts: mkIf(
            () => node().openFirewall,
            () => [node().port],
          ),
        },
        listeners: () => [
          {
            service: "services.prometheus.exporters.node",
            option: [...PATH, "port"],
            address: node().listenAddress === "" ? null : node().listenAddress,
            port: node().port,
          },
        ],
      },
      system: {
        checks: {
          "node-exporter": {
            option: "services.prometheus.exporters.node",
            definedIn: () => definitionFiles(options, PATH),
            program: "/usr/bin/prometheus-node-exporter",
            files: ["/etc/default/prometheus-node-exporter"],
            // Words are read before the version is printed, so that unknown ones are refused.
            script: `. /etc/default/prometheus-node-exporter
# shellcheck disable=SC2086 # words
prometheus-node-exporter $ARGS --version
`,
          },
        },
      },
    }),
  };
};

function flags(node: Config["services"]["prometheus"]["exporters"]["node"]): string[] {
  return [
    `--web.listen-address=${node.listenAddress}:${node.port}`,
    ...node.enabledCollectors.map((name) => `--collector.${name}`),
    ...node.disabledCollectors.map((name) => `--no-collector.${name}`),
    ...node.extraFlags,
  ];
}

/** Declares them, and runs the package set's exporter. */
export const nodeExporter = withFile("src/options/guest/services/node-exporter.ts", {
  imports: [implementation],
  options: nodeExporterOptions,
});
