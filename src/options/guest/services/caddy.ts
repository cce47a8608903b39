/** `services.caddy`. */
import {
  type InferConfig,
  mkEnableOption,
  mkIf,
  mkOption,
  types,
  withFile,
} from "../../../module-system/index.ts";
import { plainPath } from "../../plain-path.ts";
import { definitionFiles } from "../defined-in.ts";
import { generatedFile } from "../generated-file.ts";
import { caddyfile, listenedPorts } from "./caddy-text.ts";

const directives = (description: string, example: string) =>
  mkOption({ type: types.lines, default: "", description, example });

const address = types.strMatching(/^[^\s{}]+$/);

/** `services.caddy.virtualHosts.*`. */
const virtualHost = types.submodule({
  options: {
    hostName: mkOption({
      type: types.nullOr(address),
      default: null,
      description: "Address of the host. Null takes the attribute's name.",
      example: "http://example.org:8080",
    }),
    serverAliases: mkOption({
      type: types.listOf(address),
      default: [],
      description: "More addresses of the host.",
      example: ["www.example.org"],
    }),
    listenAddresses: mkOption({
      type: types.listOf(address),
      default: [],
      description: "Addresses of the guest to listen on. Empty means all.",
      example: ["127.0.0.1", "::1"],
    }),
    logFormat: mkOption({
      type: types.nullOr(types.lines),
      default: null,
      description: "Directives of the host's access log. Null keeps none.",
      example: "output stdout\n",
    }),
    extraConfig: directives("Directives of the host.", "root * /srv/www\nfile_server\n"),
  },
});

/** Options of the Caddy web server. */
export const caddyOptions = {
  services: {
    caddy: {
      enable: mkEnableOption(
        "the Caddy web server. The firewall does not open its ports: say so in `networking.firewall.allowedTCPPorts`, as in NixOS",
      ),
      dataDir: mkOption({
        type: plainPath,
        default: "/var/lib/caddy",
        description:
          "Directory with certificates and keys, made for the user `caddy`. On a volume they last; otherwise they are asked for at each start.",
        example: "/srv/caddy",
      }),
      email: mkOption({
        type: types.nullOr(types.strMatching(/^\S+@\S+$/)),
        default: null,
        description: "Address that is given to those who issue certificates. Null gives none.",
        example: "admin@example.org",
      }),
      acmeCA: mkOption({
        type: types.nullOr(types.strMatching(/^\S+$/)),
        default: null,
        description: "Who issues certificates, as the address of an ACME directory. Null leaves it to Caddy.",
        example: "https://acme.example.org/directory",
      }),
      httpPort: mkOption({ type: types.port, default: 80, description: "Port of hosts without encryption." }),
      httpsPort: mkOption({ type: types.port, default: 443, description: "Port of hosts with encryption." }),
      logFormat: mkOption({
        type: types.lines,
        default: "level ERROR\n",
        description: "Directives of Caddy's own log, which is the journal.",
        example: "level INFO\n",
      }),
      globalConfig: directives("More directives for the block of global options.", "admin off\n"),
      extraConfig: directives(
        "More of the Caddyfile, behind the virtual hosts.",
        ":8080 {\n  respond ok\n}\n",
      ),
      virtualHosts: mkOption({
        type: types.attrsOf(virtualHost),
        default: {},
        description:
          "Hosts, by address. One that is no more than a name is served encrypted, with a certificate that Caddy asks for; `http://` in front of it serves it plain.",
        example: { "http://example.org": { extraConfig: "respond hello\n" } },
      }),
      enableReload: mkOption({
        type: types.bool,
        default: true,
        description: "Whether a live change of the configuration reloads Caddy, and does not restart it.",
      }),
    },
  },
} as const;

type Config = InferConfig<typeof caddyOptions>;

interface Arguments {
  readonly config: Config;
  readonly options: object;
}

const PATH = ["services", "caddy"];

/** Runs the package set's Caddy. */
const implementation = ({ config, options }: Arguments) => {
  const caddy = () => config.services.caddy;
  const triggers = (isReloaded: boolean) => () =>
    caddy().enableReload === isReloaded ? [caddyfile(caddy())] : [];
  return {
    config: mkIf(() => caddy().enable, {
      environment: {
        servicePackages: ["caddy"],
        etc: { "caddy/Caddyfile": generatedFile(options, PATH, () => caddyfile(caddy())) },
      },
      systemd: {
        services: {
          caddy: {
            reloadTriggers: triggers(true),
            restartTriggers: triggers(false),
            environment: () => ({ XDG_DATA_HOME: `${caddy().dataDir}/.local/share` }),
            unitConfig: { RequiresMountsFor: () => [caddy().dataDir] },
          },
        },
        tmpfiles: {
          settings: {
            caddy: () => ({ [caddy().dataDir]: { d: { mode: "0700", user: "caddy", group: "caddy" } } }),
          },
        },
      },
      networking: {
        listeners: () =>
          listenedPorts(caddy()).map(({ name, address, port }) => ({
            service: "services.caddy",
            option: [...PATH, "virtualHosts", name],
            address,
            port,
          })),
      },
      system: {
        checks: {
          caddy: {
            option: "services.caddy",
            definedIn: () => definitionFiles(options, PATH),
            program: "/usr/bin/caddy",
            files: ["/etc/caddy"],
            script: CHECK_SCRIPT,
          },
        },
      },
    }),
  };
};

/** What Caddy tells beside its errors is left out. */
const CHECK_SCRIPT = `caddy validate --config /etc/caddy/Caddyfile --adapter caddyfile >/tmp/said 2>&1 || {
  sed '/^{"level":"\\(info\\|warn\\)"/d' /tmp/said
  exit 1
}
`;

/** Declares them, and runs the package set's Caddy. */
export const caddy = withFile("src/options/guest/services/caddy.ts", {
  imports: [implementation],
  options: caddyOptions,
});
