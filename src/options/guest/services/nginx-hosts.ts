/** `services.nginx.virtualHosts.*`, and their locations. */
import { mkOption, type OptionType, types } from "../../../module-system/index.ts";
import { plainPath } from "../../plain-path.ts";
import { submoduleIn } from "../../submodule-in.ts";

/** A text that is one or several words of a directive and cannot end it. */
const words = types.strMatching(/^[^;{}\n]+$/);
const orNull = <T>(type: OptionType<T>, description: string, example: T) =>
  mkOption({
    type: types.nullOr(type),
    default: null,
    description: `${description} Null leaves it out.`,
    example,
  });

/** `services.nginx.virtualHosts.*.locations.*`. */
const location = types.submodule({
  options: {
    proxyPass: orNull(words, "Where requests are passed on to.", "http://127.0.0.1:8000"),
    proxyWebsockets: mkOption({
      type: types.bool,
      default: false,
      description: "Whether connections may become WebSockets of the server behind.",
    }),
    recommendedProxySettings: mkOption({
      type: types.nullOr(types.bool),
      default: null,
      description:
        "Whether the server behind is told who asked for what. Null follows `services.nginx.recommendedProxySettings`.",
      example: true,
    }),
    root: orNull(types.path, "Directory whose files are served.", "/srv/www"),
    alias: orNull(types.path, "Directory that stands for the location's own path.", "/srv/pictures/"),
    index: orNull(words, "Files that stand for a directory.", "index.html index.htm"),
    tryFiles: orNull(
      words,
      "Files to look for in turn; the last word is where to go otherwise.",
      "$uri =404",
    ),
    return: orNull(
      types.either(types.int, words) as OptionType<number | string>,
      "Answer with this status, and this text or address.",
      "301 https://example.org$request_uri",
    ),
    basicAuthFile: orNull(
      types.path,
      "File of the guest with users and hashes of passwords, one `NAME:HASH` a line.",
      "/var/lib/nginx/passwords",
    ),
    priority: mkOption({
      type: types.int,
      default: 1000,
      description: "Order of the location: lower ones come first. It matters between regular expressions.",
    }),
    extraConfig: mkOption({
      type: types.lines,
      default: "",
      description: "More directives of the location.",
      example: "autoindex on;\n",
    }),
  },
});

/** `services.nginx.virtualHosts.*.listen.*`. */
const listen = types.submodule({
  options: {
    addr: mkOption({
      type: types.strMatching(/^[^\s;{}]+$/),
      default: "0.0.0.0",
      description: "Address; one of IPv6 stands in brackets. `unix:` and a path is a socket.",
      example: "[::]",
    }),
    port: mkOption({
      type: types.nullOr(types.port),
      default: null,
      description: "Port. Null is 80, or 443 with `ssl`. A socket has none.",
      example: 8080,
    }),
    ssl: mkOption({ type: types.bool, default: false, description: "Whether connections are encrypted." }),
    proxyProtocol: mkOption({
      type: types.bool,
      default: false,
      description: "Whether the PROXY protocol is expected.",
    }),
    extraParameters: mkOption({
      type: types.listOf(words),
      default: [],
      description: "More words of the directive `listen`.",
      example: ["backlog=1024"],
    }),
  },
});

/** A virtual host's encryption. */
const tls = {
  addSSL: mkOption({
    type: types.bool,
    default: false,
    description: "Whether the host is also served encrypted, on port 443.",
  }),
  onlySSL: mkOption({
    type: types.bool,
    default: false,
    description: "Whether it is served encrypted, and not otherwise.",
  }),
  forceSSL: mkOption({
    type: types.bool,
    default: false,
    description: "Whether it is served encrypted, and requests on port 80 are sent there.",
  }),
  sslCertificate: orNull(
    plainPath,
    "File of the guest with the certificate and those above it. Nothing asks for certificates here as NixOS's `enableACME` does; `services.caddy` does.",
    "/var/lib/tls/example.org.crt",
  ),
  sslCertificateKey: orNull(
    plainPath,
    "File of the guest with the secret key. It is read as root; below `/run/credentials/@system/` lie those of `microvm.credentialFiles`.",
    "/run/credentials/@system/example.org.key",
  ),
  sslTrustedCertificate: orNull(plainPath, "File with root certificates for OCSP.", "/var/lib/tls/ca.crt"),
  http2: mkOption({
    type: types.bool,
    default: true,
    description: "Whether HTTP/2 is spoken when encrypted.",
  }),
} as const;

/** `services.nginx.virtualHosts.*`. */
export const virtualHost = submoduleIn("src/options/guest/services/nginx-hosts.ts", {
  serverName: orNull(
    types.strMatching(/^[^\s;{}]+$/),
    "Name of the host, in place of the attribute's.",
    "example.org",
  ),
  serverAliases: mkOption({
    type: types.listOf(types.strMatching(/^[^\s;{}]+$/)),
    default: [],
    description: "More names of the host.",
    example: ["www.example.org"],
  }),
  listen: mkOption({
    type: types.listOf(listen),
    default: [],
    description:
      "Where the host listens. Empty: on `listenAddresses`, on the ports 80 and 443 as encryption asks for.",
    example: [{ addr: "127.0.0.1", port: 8080 }],
  }),
  listenAddresses: mkOption({
    type: types.listOf(types.strMatching(/^[^\s;{}]+$/)),
    default: [],
    description: "Addresses for an empty `listen`. Empty: `services.nginx.defaultListenAddresses`.",
    example: ["127.0.0.1", "[::1]"],
  }),
  ...tls,
  default: mkOption({
    type: types.bool,
    default: false,
    description: "Whether this host answers requests for unknown names.",
  }),
  root: orNull(types.path, "Directory whose files are served.", "/srv/www"),
  globalRedirect: orNull(
    types.strMatching(/^[^\s;{}]+$/),
    "Host that all requests are sent to.",
    "new.example.org",
  ),
  redirectCode: mkOption({
    type: types.ints.between(300, 308),
    default: 301,
    description: "Status of the answers of `globalRedirect` and `forceSSL`.",
  }),
  basicAuthFile: orNull(
    types.path,
    "File of the guest with users and hashes of passwords, one `NAME:HASH` a line. NixOS's `basicAuth` has passwords in clear, and is not here.",
    "/var/lib/nginx/passwords",
  ),
  locations: mkOption({
    type: types.attrsOf(location),
    default: {},
    description: "What is served below which path, or for which pattern.",
    example: { "/": { proxyPass: "http://127.0.0.1:8000" }, "/pictures/": { root: "/srv" } },
  }),
  extraConfig: mkOption({
    type: types.lines,
    default: "",
    description: "More directives for the host's `server` block.",
    example: "autoindex on;\n",
  }),
});
