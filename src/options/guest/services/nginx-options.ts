/** The options of nginx. */
import { type InferConfig, mkEnableOption, mkOption, types } from "../../../module-system/index.ts";
import { virtualHost } from "./nginx-hosts.ts";

const recommended = (what: string) =>
  mkOption({
    type: types.bool,
    default: false,
    description: `Whether recommended settings ${what} are set.`,
  });

const directives = (description: string, example: string) =>
  mkOption({ type: types.lines, default: "", description, example });

const account = types.strMatching(/^[A-Za-z_][A-Za-z0-9_.-]{0,31}$/);

/** Options of the nginx web server. */
export const nginxOptions = {
  services: {
    nginx: {
      enable: mkEnableOption(
        "the nginx web server. The firewall does not open its ports: say so in `networking.firewall.allowedTCPPorts`, as in NixOS",
      ),
      user: mkOption({
        type: account,
        default: "www-data",
        description: "User whose rights serving needs. In NixOS it is `nginx`; this is Debian's.",
        example: "web",
      }),
      group: mkOption({
        type: account,
        default: "www-data",
        description: "Group whose rights serving needs. In NixOS it is `nginx`; this is Debian's.",
        example: "web",
      }),
      recommendedOptimisation: recommended("for speed"),
      recommendedGzipSettings: recommended("for compressed answers"),
      recommendedProxySettings: recommended("for `proxyPass`"),
      recommendedTlsSettings: recommended("for encryption"),
      serverTokens: mkOption({
        type: types.bool,
        default: false,
        description: "Whether answers and pages tell nginx's version.",
      }),
      statusPage: mkOption({
        type: types.bool,
        default: false,
        description: "Whether the guest itself may ask for `http://127.0.0.1/nginx_status`.",
      }),
      clientMaxBodySize: mkOption({
        type: types.strMatching(/^\d+[kKmMgG]?$/),
        default: "10m",
        description: "Largest body of a request.",
        example: "1g",
      }),
      logError: mkOption({
        type: types.strMatching(/^[^;{}\n]+$/),
        default: "stderr",
        description: "Where errors are logged, and from which level on. `stderr` is the journal.",
        example: "stderr info",
      }),
      defaultListenAddresses: mkOption({
        type: types.listOf(types.strMatching(/^[^\s;{}]+$/)),
        default: ["0.0.0.0", "[::]"],
        description: "Addresses of virtual hosts that name none.",
        example: ["127.0.0.1"],
      }),
      defaultHTTPListenPort: mkOption({
        type: types.port,
        default: 80,
        description: "Port of virtual hosts that name none, without encryption.",
      }),
      defaultSSLListenPort: mkOption({
        type: types.port,
        default: 443,
        description: "Port of virtual hosts that name none, with encryption.",
      }),
      upstreams: mkOption({
        type: types.attrsOf(
          types.submodule({
            options: {
              servers: mkOption({
                type: types.attrsOf(types.strMatching(/^[^;{}\n]*$/)),
                default: {},
                description: "Servers by address, each with the parameters of its line.",
                example: { "127.0.0.1:8000": "", "127.0.0.1:8001": "backup" },
              }),
              extraConfig: directives("More directives for the block.", "keepalive 16;\n"),
            },
          }),
        ),
        default: {},
        description: "Groups of servers that `proxyPass` may name. In NixOS a server's parameters are a set.",
        example: { app: { servers: { "127.0.0.1:8000": "" } } },
      }),
      virtualHosts: mkOption({
        type: types.attrsOf(virtualHost),
        default: {},
        description: "Virtual hosts, by name.",
        example: { "example.org": { root: "/srv/www" } },
      }),
      eventsConfig: directives("Directives for the `events` block.", "worker_connections 2048;\n"),
      commonHttpConfig: directives(
        "Directives at the beginning of the `http` block. The access log is off unless one of them, or of `appendHttpConfig`, sets `access_log`: in NixOS it is on.",
        "access_log /var/log/nginx/access.log;\n",
      ),
      appendHttpConfig: directives(
        "More directives for the `http` block, behind those of the options.",
        "gzip on;\n",
      ),
      prependConfig: directives("Directives at the very beginning.", "load_module modules/ngx_http_x.so;\n"),
      appendConfig: directives("Directives at the very end.", "worker_rlimit_nofile 65536;\n"),
    },
  },
} as const;

/** What the options of nginx come to. */
export type NginxConfig = InferConfig<typeof nginxOptions>["services"]["nginx"];
