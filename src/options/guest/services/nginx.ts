/** `services.nginx`. */
import {
  type InferConfig,
  mkEnableOption,
  mkIf,
  mkOption,
  types,
  withFile,
} from "../../../module-system/index.ts";

/** `services.nginx.virtualHosts.*`. */
const virtualHost = types.submodule({
  options: {
    root: mkOption({
      type: types.nullOr(types.path),
      default: null,
      description: "Directory whose files are served. Null serves none.",
      example: "/srv/www",
    }),
    default: mkOption({
      type: types.bool,
      default: false,
      description: "Whether this host answers requests for unknown names.",
    }),
    port: mkOption({ type: types.port, default: 80, description: "TCP port to listen on." }),
    extraConfig: mkOption({
      type: types.lines,
      default: "",
      description: "More directives for the host's `server` block.",
      example: "autoindex on;\n",
    }),
  },
});

/** Options of the nginx web server. */
export const nginxOptions = {
  services: {
    nginx: {
      enable: mkEnableOption("the nginx web server"),
      virtualHosts: mkOption({
        type: types.attrsOf(virtualHost),
        default: {},
        description: "Virtual hosts, by name.",
        example: { "example.org": { root: "/srv/www" } },
      }),
      appendHttpConfig: mkOption({
        type: types.lines,
        default: "",
        description: "More directives for the `http` block.",
        example: "gzip on;\n",
      }),
    },
  },
} as const;

type NginxConfig = InferConfig<typeof nginxOptions>;

/** Runs the package set's nginx. */
const implementation = ({ config }: { readonly config: NginxConfig }) => ({
  config: mkIf(() => config.services.nginx.enable, {
    environment: {
      packages: ["nginx"],
      etc: {
        // The configuration is generated; a fault in it fails the start itself.
        "systemd/system/nginx.service.d/microvm.conf": { text: "[Service]\nExecStartPre=\n" },
        "nginx/nginx.conf": { text: () => nginxConfig(config.services.nginx) },
      },
    },
    networking: {
      listeners: () => {
        const ports = Object.values(config.services.nginx.virtualHosts).map(({ port }) => port);
        return [...new Set(ports)].map((port) => ({ service: "services.nginx", port }));
      },
    },
  }),
});

/** Declares the options, and runs the package set's nginx. */
export const nginx = withFile("src/options/guest/services/nginx.ts", {
  imports: [implementation],
  options: nginxOptions,
});

function nginxConfig({ virtualHosts, appendHttpConfig }: NginxConfig["services"]["nginx"]): string {
  const servers = Object.entries(virtualHosts).map(([name, host]) => {
    const listen = `${host.port}${host.default ? " default_server" : ""}`;
    return [
      "  server {",
      `    listen ${listen};`,
      `    listen [::]:${listen};`,
      `    server_name ${name};`,
      ...(host.root === null ? [] : [`    root ${host.root};`]),
      indent(host.extraConfig, 4),
      "  }",
    ]
      .filter((line) => line !== "")
      .join("\n");
  });
  return `user www-data;
worker_processes auto;
pid /run/nginx.pid;
error_log stderr;
events {}
http {
  include mime.types;
  default_type application/octet-stream;
  sendfile on;
  server_tokens off;
  access_log off;
${[indent(appendHttpConfig, 2), ...servers].filter((part) => part !== "").join("\n")}
}
`;
}

function indent(text: string, columns: number): string {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => `${" ".repeat(columns)}${line}`)
    .join("\n");
}
