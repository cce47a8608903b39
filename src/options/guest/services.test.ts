import assert from "node:assert/strict";
import { test } from "node:test";
import { mkForce, withFile } from "../../module-system/index.ts";
import { guest, guestConfig } from "../testing/evaluate.ts";

// biome-ignore lint/suspicious/noExplicitAny: tests give wrong modules too
const faultsOf = (config: any) => guest(() => ({ imports: [withFile("web.ts", { config })] })).faults;

/** A file below `/etc` of a guest with these services. */
const etc = (services: object, path: string, more: object = {}) =>
  guestConfig({ services, ...more }).environment.etc[path]!.text;

test("nginx has a server block for each virtual host, with its locations in order", () => {
  const text = etc(
    {
      nginx: {
        enable: true,
        virtualHosts: {
          "example.org": {
            default: true,
            serverAliases: ["www.example.org"],
            listen: [{ port: 8080 }, { addr: "[::]", port: 8080 }],
            root: "/srv/www",
            extraConfig: "autoindex on;",
            locations: {
              "/": { tryFiles: "$uri =404", index: "a.html" },
              "/app/": { proxyPass: "http://app", recommendedProxySettings: false, proxyWebsockets: true },
              "~ \\.php$": { return: 403, priority: 1 },
            },
          },
        },
      },
    },
    "nginx/nginx.conf",
  );
  assert.equal(
    text,
    `user www-data www-data;
worker_processes auto;
pid /run/nginx.pid;
error_log stderr;
events {}
http {
  include mime.types;
  default_type application/octet-stream;
  sendfile on;
  server_tokens off;
  client_max_body_size 10m;
  access_log off;
  map $http_upgrade $connection_upgrade {
    default upgrade;
    "" close;
  }
  server {
    listen 0.0.0.0:8080 default_server;
    listen [::]:8080 default_server;
    server_name example.org www.example.org;
    root /srv/www;
    autoindex on;
    location ~ \\.php$ {
      return 403;
    }
    location / {
      index a.html;
      try_files $uri =404;
    }
    location /app/ {
      proxy_pass http://app;
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
    }
  }
}
`,
  );
});

test("a host of nginx that must be encrypted is asked for on both ports, and served on one", () => {
  const host = { forceSSL: true, sslCertificate: "/tls/a.crt", sslCertificateKey: "/tls/a.key" };
  const { environment, system } = guestConfig({
    services: { nginx: { enable: true, virtualHosts: { a: host } } },
  });
  assert.match(
    environment.etc["nginx/nginx.conf"]!.text,
    /server \{\n {4}listen 0\.0\.0\.0:80;\n {4}listen \[::\]:80;\n {4}server_name a;\n {4}location \/ \{\n {6}return 301 https:\/\/\$host\$request_uri;\n {4}\}\n {2}\}\n {2}server \{\n {4}listen 0\.0\.0\.0:443 ssl http2;\n {4}listen \[::\]:443 ssl http2;\n {4}server_name a;\n {4}ssl_certificate \/tls\/a\.crt;\n {4}ssl_certificate_key \/tls\/a\.key;\n/,
  );
  assert.ok(environment.servicePackages.includes("openssl"));
  assert.match(system.checks.nginx!.script, /^certificate \/tls\/a\.crt \/tls\/a\.key$/m);
  const nginx = (virtualHost: object) => ({
    services: { nginx: { enable: true, virtualHosts: { a: virtualHost } } },
  });
  assert.deepEqual(faultsOf(nginx({ ...host, onlySSL: true })), [
    '"services.nginx.virtualHosts.a" has "onlySSL" and "forceSSL": give one of them',
  ]);
  assert.deepEqual(faultsOf(nginx({ addSSL: true })), [
    '"services.nginx.virtualHosts.a" is encrypted: it needs "sslCertificate" and "sslCertificateKey"',
  ]);
});

test("nginx has recommended settings where they are asked for", () => {
  const nginx = {
    enable: true,
    recommendedGzipSettings: true,
    recommendedOptimisation: true,
    recommendedProxySettings: true,
    recommendedTlsSettings: true,
    statusPage: true,
    upstreams: { app: { servers: { "127.0.0.1:1": "backup" }, extraConfig: "keepalive 1;" } },
    appendHttpConfig: "access_log /var/log/nginx/a.log;",
    virtualHosts: { a: { locations: { "/": { proxyPass: "http://app" } } }, b: { globalRedirect: "a" } },
  };
  const text = etc({ nginx }, "nginx/nginx.conf");
  for (const line of [
    "tcp_nopush on;",
    "gzip on;",
    "proxy_redirect off;",
    "proxy_set_header X-Real-IP $remote_addr;",
    "ssl_protocols TLSv1.2 TLSv1.3;",
    "stub_status;",
    "server 127.0.0.1:1 backup;",
    "return 301 $scheme://a$request_uri;",
  ]) {
    assert.ok(text.includes(`  ${line}\n`), line);
  }
  assert.ok(!text.includes("access_log off;"));
});

test("a Caddyfile has its global options and a block for each host", () => {
  const { environment } = guestConfig({
    services: {
      caddy: {
        enable: true,
        email: "a@example.org",
        httpPort: 8080,
        globalConfig: "admin off",
        extraConfig: "# the end",
        virtualHosts: {
          "example.org": { serverAliases: ["http://www.example.org:81"], extraConfig: "respond ok\n" },
          local: { hostName: "https://local", listenAddresses: ["127.0.0.1"], logFormat: "output stdout" },
        },
      },
    },
  });
  assert.equal(
    environment.etc["caddy/Caddyfile"]!.text,
    `{
\temail a@example.org
\thttp_port 8080
\tlog {
\t\tlevel ERROR
\t}
\tadmin off
}

example.org, http://www.example.org:81 {
\trespond ok
}

https://local {
\tbind 127.0.0.1
\tlog {
\t\toutput stdout
\t}
}

# the end
`,
  );
});

test("PostgreSQL's files have the settings, who may connect, and what must be there", () => {
  const config = guestConfig({
    services: {
      postgresql: {
        enable: true,
        authentication: "host app app 10.0.0.0/8 scram-sha-256",
        settings: { log_connections: true, shared_buffers: "32MB", search_path: "it's", jit: null },
        ensureDatabases: ["app"],
        ensureUsers: [
          { name: "app", ensureDBOwnership: true, ensureClauses: { createdb: true, login: false } },
        ],
        dataDir: "/var/lib/postgresql/17",
        initdbArgs: ["--data-checksums"],
      },
    },
  });
  const file = (name: string) => config.environment.etc[`postgresql/${name}`]!.text;
  assert.equal(
    file("postgresql.conf"),
    `data_directory = '/var/lib/postgresql/17'
hba_file = '/etc/postgresql/pg_hba.conf'
ident_file = '/etc/postgresql/pg_ident.conf'
listen_addresses = 'localhost'
log_connections = on
log_line_prefix = '[%p] '
port = 5432
search_path = 'it''s'
shared_buffers = '32MB'
unix_socket_directories = '/run/postgresql'
`,
  );
  assert.equal(
    file("pg_hba.conf"),
    `host app app 10.0.0.0/8 scram-sha-256
local all all peer
host all all 127.0.0.1/32 scram-sha-256
host all all ::1/128 scram-sha-256
`,
  );
  assert.equal(
    file("ensure.sql"),
    `-- services.postgresql
SELECT 'CREATE USER "app"' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'app')\\gexec
SELECT 'CREATE DATABASE "app"' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'app')\\gexec
ALTER ROLE "app" WITH CREATEDB NOLOGIN;
ALTER DATABASE "app" OWNER TO "app";
`,
  );
  const { preStart, unitConfig } = config.systemd.services.postgresql!;
  assert.match(preStart, / --data-checksums --pgdata=\/var\/lib\/postgresql\/17$/m);
  assert.deepEqual(unitConfig.RequiresMountsFor, ["/var/lib/postgresql/17"]);
  const forced = { enable: true, authentication: mkForce("local all all trust") };
  assert.equal(etc({ postgresql: forced }, "postgresql/pg_hba.conf"), "local all all trust\n");
});

test("an initial script is a credential, or a file of the guest", () => {
  const postgresql = (initialScript: string) => ({
    services: { postgresql: { enable: true, initialScript } },
  });
  assert.deepEqual(faultsOf(postgresql("initial.sql")), [
    '"services.postgresql.initialScript" names the credential "initial.sql", which "microvm.credentialFiles" does not have, in "web.ts"',
  ]);
  assert.deepEqual(faultsOf(postgresql("CREATE ROLE a PASSWORD 'x'")), [
    '"services.postgresql.initialScript" is no name of a credential: it takes a name of "microvm.credentialFiles", neither the secret itself nor its path, in "web.ts"',
  ]);
  assert.match(
    guestConfig(postgresql("/etc/initial.sql")).systemd.services.postgresql!.postStart,
    /-f "\/etc\/initial\.sql"/,
  );
});

test("servers of Redis have Debian's units, and passwords come as credentials", () => {
  const servers = {
    "": { enable: true, requirePassFile: "pass", slaveOf: { ip: "10.0.0.2" } },
    two: {
      enable: true,
      port: 6380,
      bind: null,
      save: [],
      settings: { maxmemory: "8mb", rename: ["a", "b"] },
    },
    off: { requirePass: "not enabled" },
  };
  const config = guestConfig({
    services: { redis: { servers } },
    microvm: { credentialFiles: { pass: "/run/secrets/pass" } },
  });
  assert.equal(
    config.environment.etc["redis/redis.conf"]!.text,
    `port 6379
bind 127.0.0.1
unixsocket /run/redis/redis.sock
unixsocketperm 660
dir /var/lib/redis
databases 16
maxclients 10000
save 900 1
save 300 10
save 60 10000
appendonly no
appendfsync everysec
loglevel notice
replicaof 10.0.0.2 6379
include /run/redis/secrets.conf
`,
  );
  assert.match(
    config.environment.etc["redis/redis-two.conf"]!.text,
    /^port 6380\nunixsocket \/run\/redis-two\/redis\.sock\n[\s\S]*^save ""\n[\s\S]*^maxmemory 8mb\nrename a\nrename b\n$/m,
  );
  const { services } = config.systemd;
  assert.deepEqual(services["redis-server"]!.serviceConfig.LoadCredential, ["pass:pass"]);
  assert.deepEqual(services["redis-server@two"]!.wantedBy, ["multi-user.target"]);
  assert.deepEqual(Object.keys(config.system.checks), ["redis", "redis-two"]);
  const named = guestConfig({ services: { redis: { servers: { two: servers.two } } } });
  assert.equal(named.systemd.services["redis-server"]!.enable, false);
});

test("names that become units, files and checks are names", () => {
  assert.deepEqual(faultsOf({ services: { redis: { servers: { "a/b": {} } } } }), [
    '"services.redis.servers" has "a/b", which is no name of a server',
  ]);
  const check = { option: "x", program: "/x", script: "" };
  assert.deepEqual(faultsOf({ system: { checks: { "../x": check } } }), [
    '"system.checks" has "../x", which is no name of a check',
  ]);
});

test("a password of Redis in clear is refused, and not shown", () => {
  const servers = { two: { enable: true, requirePass: "hunter2", masterAuth: "hunter2" } };
  assert.deepEqual(faultsOf({ services: { redis: { servers } } }), [
    '"services.redis.servers.two.requirePass" in "web.ts" is a secret in clear, which would get into the store: use "requirePassFile" with a credential',
    '"services.redis.servers.two.masterAuth" in "web.ts" is a secret in clear, which would get into the store: use "masterAuthFile" with a credential',
  ]);
  assert.deepEqual(
    faultsOf({ services: { redis: { servers: { two: { enable: true, requirePassFile: "/run/pass" } } } } }),
    [
      '"services.redis.servers.two.requirePassFile" is no name of a credential: it takes a name of "microvm.credentialFiles", neither the secret itself nor its path, in "web.ts"',
    ],
  );
});

test("the node exporter, cron and journald have the files of their packages", () => {
  const node = {
    enable: true,
    enabledCollectors: ["systemd"],
    disabledCollectors: ["zfs"],
    extraFlags: ["--a"],
  };
  assert.equal(
    etc({ prometheus: { exporters: { node } } }, "default/prometheus-node-exporter"),
    'ARGS="--web.listen-address=0.0.0.0:9100 --collector.systemd --no-collector.zfs --a"\n',
  );
  const cron = guestConfig({ services: { cron: { mailto: "", systemCronJobs: ["@daily root true"] } } });
  assert.deepEqual([cron.services.cron.enable, cron.environment.servicePackages], [true, ["cron"]]);
  assert.equal(
    cron.environment.etc["cron.d/microvm"]!.text,
    'SHELL=/bin/sh\nPATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\nMAILTO=""\n@daily root true\n',
  );
  const journald = {
    storage: "persistent",
    rateLimitBurst: 5,
    console: "/dev/ttyS0",
    extraConfig: "Seal=no",
  };
  assert.equal(
    etc({ journald }, "systemd/journald.conf.d/microvm.conf"),
    "[Journal]\nStorage=persistent\nRateLimitBurst=5\nForwardToConsole=yes\nTTYPath=/dev/ttyS0\nSeal=no\n",
  );
  assert.deepEqual(guestConfig({}).environment.etc, {});
});

test("files that are generated say what they follow from, and checks whom they concern", () => {
  const modules = ["a.ts", "b.ts"].map((file) =>
    withFile(file, { config: { services: { nginx: { enable: true, virtualHosts: { [file]: {} } } } } }),
  );
  const { environment, system } = guestConfig(() => ({ imports: modules }));
  const origin = { option: "services.nginx", definedIn: ["a.ts", "b.ts"] };
  assert.deepEqual(environment.etc["nginx/nginx.conf"]!.origin, origin);
  const { option, definedIn } = system.checks.nginx!;
  assert.deepEqual({ option, definedIn }, origin);
});

test("whoever is logged in on the console must be a user", () => {
  const getty = (autologinUser: string) => ({ services: { getty: { autologinUser } } });
  assert.deepEqual(faultsOf(getty("nobody-here")), [
    '"services.getty.autologinUser" is "nobody-here", which "users.users" does not have, in "web.ts"',
  ]);
  assert.deepEqual(faultsOf(getty("root")), []);
});
