/** The text of `nginx.conf`. Pure. */

import { hasTls, hostListeners, type Listen, type VirtualHost } from "./nginx-listen.ts";
import type { NginxConfig } from "./nginx-options.ts";

/** The configuration of nginx, as an administrator would write it. */
export function nginxText(nginx: NginxConfig): string {
  const http = [
    "include mime.types;",
    "default_type application/octet-stream;",
    "sendfile on;",
    `server_tokens ${nginx.serverTokens ? "on" : "off"};`,
    `client_max_body_size ${nginx.clientMaxBodySize};`,
    ...(/\baccess_log\b/.test(`${nginx.commonHttpConfig}${nginx.appendHttpConfig}`)
      ? []
      : ["access_log off;"]),
    ...lines(nginx.commonHttpConfig),
    ...(nginx.recommendedOptimisation ? OPTIMISATION : []),
    ...(nginx.recommendedGzipSettings ? GZIP : []),
    ...(nginx.recommendedProxySettings ? PROXY : []),
    ...(nginx.recommendedTlsSettings ? TLS : []),
    ...(usesWebsockets(nginx)
      ? block("map $http_upgrade $connection_upgrade", ["default upgrade;", '"" close;'])
      : []),
    ...upstreams(nginx),
    ...lines(nginx.appendHttpConfig),
    ...Object.entries(nginx.virtualHosts).flatMap(([name, host]) => servers(nginx, name, host)),
    ...(nginx.statusPage ? STATUS : []),
  ];
  return `${[
    ...lines(nginx.prependConfig),
    `user ${nginx.user} ${nginx.group};`,
    "worker_processes auto;",
    "pid /run/nginx.pid;",
    `error_log ${nginx.logError};`,
    ...block("events", lines(nginx.eventsConfig)),
    ...block("http", http),
    ...lines(nginx.appendConfig),
  ].join("\n")}\n`;
}

/** A block with directives, indented. */
function block(head: string, content: readonly string[]): string[] {
  return content.length === 0 ? [`${head} {}`] : [`${head} {`, ...content.map((line) => `  ${line}`), "}"];
}

function lines(text: string): string[] {
  return text.split("\n").filter((line) => line.trim() !== "");
}

function usesWebsockets({ virtualHosts }: NginxConfig): boolean {
  return Object.values(virtualHosts).some(({ locations }) =>
    Object.values(locations).some(({ proxyWebsockets }) => proxyWebsockets),
  );
}

function upstreams({ upstreams }: NginxConfig): string[] {
  return Object.entries(upstreams).flatMap(([name, { servers, extraConfig }]) =>
    block(`upstream ${name}`, [
      ...Object.entries(servers).map(
        ([address, parameters]) => `server ${[address, parameters].join(" ").trim()};`,
      ),
      ...lines(extraConfig),
    ]),
  );
}

/** The host's own block, and one that sends plain requests to the encrypted one. */
function servers(nginx: NginxConfig, name: string, host: VirtualHost): string[] {
  const all = hostListeners(nginx, host);
  const names = `server_name ${[host.serverName ?? name, ...host.serverAliases].join(" ")};`;
  const own = host.forceSSL ? all.filter(({ ssl }) => ssl) : all;
  const listen = (some: readonly Listen[]) => some.map((one) => listenLine(one, host));
  const redirected = all.filter((one) => !own.includes(one));
  return [
    ...(redirected.length === 0
      ? []
      : block("server", [
          ...listen(redirected),
          names,
          ...block("location /", [`return ${host.redirectCode} https://$host$request_uri;`]),
        ])),
    ...block("server", [
      ...listen(own),
      names,
      ...(hasTls(host) ? certificates(host) : []),
      ...directive("root", host.root),
      ...authentication(host.basicAuthFile),
      ...lines(host.extraConfig),
      ...(host.globalRedirect === null
        ? []
        : block("location /", [`return ${host.redirectCode} $scheme://${host.globalRedirect}$request_uri;`])),
      ...locations(nginx, host),
    ]),
  ];
}

/** HTTP/2 is a word of `listen`: the directive of its own is younger than bookworm's nginx. */
function listenLine({ addr, port, ssl, proxyProtocol, extraParameters }: Listen, host: VirtualHost): string {
  const words = [
    addr.startsWith("unix:") ? addr : `${addr}:${port}`,
    ...(ssl ? ["ssl", ...(host.http2 ? ["http2"] : [])] : []),
    ...(proxyProtocol ? ["proxy_protocol"] : []),
    ...(host.default ? ["default_server"] : []),
    ...extraParameters,
  ];
  return `listen ${words.join(" ")};`;
}

function certificates({ sslCertificate, sslCertificateKey, sslTrustedCertificate }: VirtualHost): string[] {
  return [
    ...directive("ssl_certificate", sslCertificate),
    ...directive("ssl_certificate_key", sslCertificateKey),
    ...directive("ssl_trusted_certificate", sslTrustedCertificate),
  ];
}

function authentication(file: string | null): string[] {
  return file === null ? [] : ["auth_basic secured;", `auth_basic_user_file ${file};`];
}

function directive(name: string, value: string | number | null): string[] {
  return value === null ? [] : [`${name} ${value};`];
}

function locations(nginx: NginxConfig, { locations }: VirtualHost): string[] {
  const sorted = Object.entries(locations).sort(([a, one], [b, other]) =>
    one.priority === other.priority ? (a < b ? -1 : 1) : one.priority - other.priority,
  );
  return sorted.flatMap(([path, location]) => {
    const isTold = location.recommendedProxySettings ?? nginx.recommendedProxySettings;
    return block(`location ${path}`, [
      ...directive("proxy_pass", location.proxyPass),
      ...(location.proxyPass !== null && isTold ? PROXY_HEADERS : []),
      ...(location.proxyWebsockets ? WEBSOCKETS : []),
      ...directive("index", location.index),
      ...directive("try_files", location.tryFiles),
      ...directive("root", location.root),
      ...directive("alias", location.alias),
      ...authentication(location.basicAuthFile),
      ...lines(location.extraConfig),
      ...directive("return", location.return),
    ]);
  });
}

const OPTIMISATION = ["tcp_nopush on;", "tcp_nodelay on;", "keepalive_timeout 65;"];

const GZIP = [
  "gzip on;",
  "gzip_static on;",
  "gzip_vary on;",
  "gzip_comp_level 5;",
  "gzip_min_length 256;",
  "gzip_proxied expired no-cache no-store private auth;",
  "gzip_types text/plain text/css text/xml text/javascript application/javascript application/json application/xml application/rss+xml application/atom+xml application/wasm image/svg+xml font/ttf font/otf;",
];

const PROXY = [
  "proxy_redirect off;",
  "proxy_http_version 1.1;",
  "proxy_connect_timeout 60s;",
  "proxy_send_timeout 60s;",
  "proxy_read_timeout 60s;",
];

const PROXY_HEADERS = [
  "proxy_set_header Host $host;",
  "proxy_set_header X-Real-IP $remote_addr;",
  "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;",
  "proxy_set_header X-Forwarded-Proto $scheme;",
  "proxy_set_header X-Forwarded-Host $host;",
  "proxy_set_header X-Forwarded-Server $hostname;",
];

const WEBSOCKETS = [
  "proxy_http_version 1.1;",
  "proxy_set_header Upgrade $http_upgrade;",
  "proxy_set_header Connection $connection_upgrade;",
];

/** What Mozilla recommends for clients of the last years ("intermediate"). */
const TLS = [
  "ssl_protocols TLSv1.2 TLSv1.3;",
  "ssl_prefer_server_ciphers off;",
  "ssl_session_timeout 1d;",
  "ssl_session_cache shared:SSL:10m;",
  "ssl_session_tickets off;",
];

const STATUS = block("server", [
  "listen 0.0.0.0:80;",
  "listen [::]:80;",
  "server_name localhost;",
  ...block("location /nginx_status", ["stub_status;", "allow 127.0.0.1;", "allow ::1;", "deny all;"]),
]);
