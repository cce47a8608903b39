/** Services in one booted guest, the tutorial's among them, and configurations that their programs refuse. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { mkdirSync, readFileSync, writeFileSync } from "../src/os/files.ts";
import { runToEnd } from "../src/os/processes.ts";
import { findInStore, microvm, project, ROOT, temporaryDirectory } from "./support.ts";

/** The files of the tutorial: each code block behind a comment with its name. */
const TUTORIAL = Object.fromEntries(
  [
    ...readFileSync(join(ROOT, "docs/writing-a-module.md"), "utf8").matchAll(
      /^<!-- (\S+) -->\n```ts\n([\s\S]*?)^```$/gm,
    ),
  ].map(([, name, text]) => [name!, text!]),
);

const secrets = temporaryDirectory();
const PASSWORD = 'a "quoted\\ password';
writeFileSync(join(secrets, "redis"), PASSWORD, { mode: 0o600 });
writeFileSync(join(secrets, "initial"), "CREATE TABLE initial AS SELECT 'once' AS word;\n", { mode: 0o600 });

const SERVICES = `{
  microvm: {
    mem: 1024,
    vcpu: 1,
    interfaces: [{ type: "user", id: "net0" }],
    credentialFiles: {
      "redis-password": ${JSON.stringify(join(secrets, "redis"))},
      "initial.sql": ${JSON.stringify(join(secrets, "initial"))},
    },
    // One is mounted where the data lie, the other above.
    volumes: [
      { image: "postgresql.img", size: 256, mountPoint: "/var/lib/postgresql/data" },
      { image: "state.img", size: 64, mountPoint: "/var/lib/redis" },
    ],
  },
  environment: { packages: ["curl", "openssl"], files: { "/srv/www/index.html": { text: "page\\n" } } },
  users: { users: { app: { isNormalUser: true } } },
  security: { sudo: { enable: true } },
  services: {
    dnsmasq: { enable: true, addresses: { "db.lan": "10.0.0.2" } },
    openssh: { enable: true },
    nginx: {
      enable: true,
      recommendedOptimisation: true,
      recommendedGzipSettings: true,
      recommendedProxySettings: true,
      recommendedTlsSettings: true,
      statusPage: true,
      clientMaxBodySize: "1k",
      upstreams: { app: { servers: { "127.0.0.1:8080": "" } } },
      virtualHosts: {
        "example.org": {
          default: true,
          serverAliases: ["www.example.org"],
          root: "/srv/www",
          locations: {
            "/": { tryFiles: "$uri $uri/ =404" },
            "/app/": { proxyPass: "http://app/" },
            "= /gone": { return: "410 gone" },
          },
        },
        "old.example.org": { globalRedirect: "example.org" },
        other: { listen: [{ addr: "127.0.0.1", port: 81 }], locations: { "/": { return: "200 other" } } },
        secure: { onlySSL: true, sslCertificate: "/run/tls/a.crt", sslCertificateKey: "/run/tls/a.key", root: "/srv/www" },
      },
    },
    caddy: { enable: true, httpPort: 8081, virtualHosts: { "http://:8080": { extraConfig: "respond \\"{header.X-Real-IP} {host}\\"" } } },
    postgresql: {
      enable: true,
      ensureDatabases: ["app"],
      ensureUsers: [{ name: "app", ensureDBOwnership: true, ensureClauses: { createdb: true } }],
      initialScript: "initial.sql",
      identMap: "web root app\\nweb app app\\n",
      authentication: "local app app peer map=web\\n",
      settings: { shared_buffers: "32MB", log_connections: true },
    },
    redis: {
      servers: {
        "": { enable: true, requirePassFile: "redis-password", save: [[60, 1]] },
        two: { enable: true, port: 6380, settings: { maxmemory: "8mb" } },
      },
    },
    prometheus: { exporters: { node: { enable: true, disabledCollectors: ["zfs"], listenAddress: "127.0.0.1" } } },
    cron: { systemCronJobs: ["* * * * * app id -un >/tmp/cron-ran", "@daily root true"] },
    journald: { rateLimitBurst: 77, storage: "volatile" },
  },
  // The certificate that an administrator would have put there.
  systemd: {
    services: {
      certificate: {
        wantedBy: ["nginx.service"],
        before: ["nginx.service"],
        serviceConfig: { Type: "oneshot" },
        script: "mkdir -p /run/tls\\nopenssl req -quiet -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=secure -keyout /run/tls/a.key -out /run/tls/a.crt",
      },
    },
  },
}`;

/** The lock of the first project with these services. */
let lock: string | undefined;

/** A project with these services; `change` is a module that comes on top. */
function servicesProject(change = "{}"): string {
  const directory = project({
    ...(lock !== undefined && { "microvm.lock": lock }),
    "microvm.config.ts": `
      import { debian, defineProject, mkForce } from "microvm";
      void mkForce;
      export default defineProject({
        hosts: {
          default: {
            microvm: { vms: { services: {
              pkgs: debian({ suite: "trixie", architecture: "amd64" }),
              config: { imports: ["./modules/dnsmasq.ts", "./services.ts", "./change.ts"] },
            } } },
          },
        },
      });
    `,
    "services.ts": `export default { config: ${SERVICES} };`,
    "change.ts": `import { mkForce } from "microvm"; void mkForce; export default ${change};`,
  });
  mkdirSync(join(directory, "modules"));
  writeFileSync(join(directory, "modules/dnsmasq.ts"), TUTORIAL["modules/dnsmasq.ts"]!);
  return directory;
}

const status = "curl -s -o /dev/null -w '%{http_code} %{redirect_url}\\n'";

/** By name: a command in the guest, and what it prints. */
const CHECKS: Readonly<Record<string, readonly [command: string, expected: RegExp]>> = {
  state: ["systemctl is-system-running --wait; systemctl list-units --failed --no-legend", /^running$/],
  units: [
    "systemctl is-active nginx caddy postgresql redis-server redis-server@two cron prometheus-node-exporter dnsmasq",
    /^(active\n){7}active$/,
  ],
  page: ["curl -s http://127.0.0.1/; curl -s -H 'Host: www.example.org' http://127.0.0.1/", /^page\npage$/],
  proxy: ["curl -s -H 'Host: example.org' http://localhost/app/", /^(127\.0\.0\.1|::1) example\.org$/],
  answers: [`${status} 127.0.0.1/gone; ${status} 127.0.0.1/none`, /^410 \n404$/],
  redirect: [`${status} -H 'Host: old.example.org' localhost/a`, /^301 http:\/\/example\.org\/a$/],
  port: ["curl -s http://127.0.0.1:81/", /^other$/],
  large: [
    "head -c 2000 /dev/zero | curl -s -o /dev/null -w '%{http_code}' --data-binary @- 127.0.0.1",
    /^413$/,
  ],
  encrypted: ["curl -sk https://localhost/ -H 'Host: secure'", /^page$/],
  statusPage: ["curl -s -H 'Host: localhost' http://127.0.0.1/nginx_status", /^Active connections: 1/],
  comment: ["head -n 1 /etc/nginx/nginx.conf", /^# services\.nginx, services\.ts$/],
  role: [
    "runuser -u app -- psql -Atd app -c 'SELECT current_user, rolcreatedb FROM pg_roles WHERE rolname = current_user'",
    /^app\|t$/,
  ],
  owner: [
    "runuser -u postgres -- psql -Atc \"SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'app'\"",
    /^app$/,
  ],
  initial: [
    "runuser -u postgres -- psql -Atc 'SELECT * FROM initial'; ls /var/lib/postgresql/data/.first_startup 2>&1",
    /^once\nls: cannot/,
  ],
  mapped: ["psql -At -U app -d app -c 'SELECT current_user'", /^app$/],
  refused: ["runuser -u caddy -- psql -U app -d app -c 'SELECT 1' 2>&1", /Peer authentication failed/],
  settings: [
    "runuser -u postgres -- psql -Atc 'SHOW shared_buffers; ' -c 'SHOW log_connections' -c 'SHOW data_directory' -c 'SHOW server_encoding'",
    /^32MB\non\n\/var\/lib\/postgresql\/data\nUTF8$/,
  ],
  listening: ["ss -Htln 'sport = :5432' | grep -vc -e 127.0.0.1 -e '\\[::1\\]'", /^0$/],
  data: [
    "stat -c '%U %a' /var/lib/postgresql/data; findmnt -no FSTYPE /var/lib/postgresql/data",
    /^postgres 700\next4$/,
  ],
  noCluster: ["ls /etc/postgresql/*/ 2>&1", /^ls: cannot access/],
  redis: [
    'redis-cli ping; redis-cli -a "$(systemd-creds --system cat redis-password)" --no-auth-warning ping',
    /^NOAUTH Authentication required\.\n\nPONG$/,
  ],
  redisData: [
    "stat -c '%U %a' /var/lib/redis /var/lib/redis-two; stat -c %a /run/redis/secrets.conf /run/redis/redis.sock",
    /^redis 750\nredis 750\n600\n660$/,
  ],
  redisTwo: ["redis-cli -s /run/redis-two/redis.sock config get maxmemory | tail -n 1", /^8388608$/],
  overcommit: ["cat /proc/sys/vm/overcommit_memory", /^1$/],
  exporter: [
    "curl -s http://127.0.0.1:9100/metrics | grep -c -e ^node_memory_MemTotal_bytes -e ^node_zfs_",
    /^1$/,
  ],
  journald: [
    "ls /var/log/journal 2>/dev/null | wc -l; grep -h RateLimitBurst /etc/systemd/journald.conf.d/*",
    /^0\nRateLimitBurst=77$/,
  ],
  // glibc asks the servers of resolv.conf, which is a plain file here.
  names: [
    "cp /etc/resolv.conf /run/resolv; echo 'nameserver 127.0.0.1' >/etc/resolv.conf; getent hosts db.lan; cp /run/resolv /etc/resolv.conf",
    /^10\.0\.0\.2 /,
  ],
  // A started cron waits for the next minute, which the clock is set right before.
  cron: [
    "date -s @$(($(date +%s) / 60 * 60 + 55)) >/dev/null; systemctl restart cron; until [ -s /tmp/cron-ran ]; do sleep 0.2; done; cat /tmp/cron-ran",
    /^app$/,
  ],
};

test("each service does what its options say", async () => {
  const script = Object.entries(CHECKS)
    .map(([name, [command]]) => `echo '== ${name}'\n(${command})\necho`)
    .join("\n");
  const directory = servicesProject();
  const { stdout, stderr, code } = await microvm(["run", directory, "--exec", script, "--timeout", "300"]);
  lock = readFileSync(join(directory, "microvm.lock"), "utf8");
  const printed = new Map(
    stdout
      .split(/^== /m)
      .map((part) => [part.slice(0, part.indexOf("\n")), part.slice(part.indexOf("\n") + 1).trim()]),
  );
  const wrong = Object.entries(CHECKS)
    .filter(([name, [, expected]]) => !expected.test(printed.get(name) ?? ""))
    .map(([name, [, expected]]) => [name, printed.get(name), String(expected)]);
  assert.deepEqual(wrong, [], stderr);
  assert.equal(code, 0, stderr);
});

test("no store path holds the services' secrets", () => {
  const secrets = [PASSWORD, JSON.stringify(PASSWORD).slice(1, -1), "CREATE TABLE initial"];
  assert.deepEqual(findInStore(/-(services-config|microvm-.*services|check-.*)$/, 10, secrets), []);
});

describe("what a program refuses is an error of the build", { concurrency: 3 }, () => {
  const services = (change: string) => `{ config: { services: { ${change} } } }`;
  const refusals: Readonly<Record<string, readonly [change: string, said: RegExp]>> = {
    nginx: [
      services('nginx: { appendHttpConfig: "bogus on;" }'),
      /"services\.nginx" in "services\.ts", "change\.ts" makes a configuration that "\/usr\/sbin\/nginx" refuses\n.*unknown directive "bogus" in \/etc\/nginx\/nginx\.conf:/,
    ],
    caddy: [
      services('caddy: { virtualHosts: { ":82": { extraConfig: "bogus" } } }'),
      /"services\.caddy" in .*"change\.ts".* "\/usr\/bin\/caddy" refuses\n.*unrecognized directive: bogus/,
    ],
    "PostgreSQL, of a setting": [
      services('postgresql: { settings: { shared_bufers: "1MB" } }'),
      /"services\.postgresql" in .*"change\.ts".* refuses\n.*unrecognized configuration parameter "shared_bufers" in file "\/etc\/postgresql\/postgresql\.conf" line \d+/,
    ],
    "PostgreSQL, of who may connect": [
      services('postgresql: { authentication: "host all all 10.0.0.400/8 trust" }'),
      /"services\.postgresql" in .*"change\.ts".* refuses\n[\s\S]*10\.0\.0\.400\/8[\s\S]*line \d+ of configuration file "\/etc\/postgresql\/pg_hba\.conf"/,
    ],
    "Redis, of a name": [
      services('redis: { servers: { two: { settings: { maxmemry: "1mb" } } } }'),
      /"services\.redis\.servers\.two" in "services\.ts", "change\.ts" .* refuses\nunknown setting: maxmemry 1mb/,
    ],
    "Redis, of a value": [
      services('redis: { servers: { "": { settings: { maxmemory: "much" } } } }'),
      /"services\.redis\.servers\.""" in .* refuses\n[\s\S]*>>> 'maxmemory much'\n.*argument must be a memory value/,
    ],
    "the node exporter": [
      services('prometheus: { exporters: { node: { enabledCollectors: ["bogus"] } } }'),
      /"services\.prometheus\.exporters\.node" in .* refuses\n.*unknown long flag '--collector\.bogus'/,
    ],
    "cron, of a time": [
      services('cron: { systemCronJobs: ["61 * * * * root true"] }'),
      /"services\.cron" in .* refuses\n.*:\d+: bad minute/,
    ],
    "cron, of a user": [
      services('cron: { systemCronJobs: ["1 * * * * nobody-here true"] }'),
      /"services\.cron" in .* refuses\nno user "nobody-here"/,
    ],
    sshd: [
      services('openssh: { settings: { Bogus: "x" } }'),
      /"services\.openssh" in "services\.ts", "change\.ts" .* "\/usr\/sbin\/sshd" refuses\n.*line \d+: Bad configuration option: Bogus/,
    ],
    sudo: [
      '{ config: { security: { sudo: { extraConfig: "Defaults bogus" } } } }',
      /"security\.sudo" in .*"change\.ts".* "\/usr\/sbin\/visudo" refuses\n[\s\S]*bogus/,
    ],
    nftables: [
      '{ config: { networking: { nftables: { ruleset: "table ip x { bogus }" } } } }',
      /"networking\.nftables" in .*"change\.ts".* "\/usr\/sbin\/nft" refuses\n[\s\S]*syntax error/,
    ],
    "the tutorial's own service": [
      services('dnsmasq: { addresses: { "web.lan": "10.0.0.400" } }'),
      /"services\.dnsmasq" in "modules\/dnsmasq\.ts" makes a configuration that "\/usr\/sbin\/dnsmasq" refuses\n[\s\S]*Bad address .*at line \d+ of \/etc\/dnsmasq\.conf/,
    ],
  };
  for (const [name, [change, said]] of Object.entries(refusals)) {
    test(name, async () => {
      const { stderr, code } = await microvm(["build", servicesProject(change)]);
      assert.equal(code, 1, stderr);
      assert.match(stderr, said);
    });
  }
});

describe("the tutorial", () => {
  const directory = project({
    "microvm.config.ts": TUTORIAL["microvm.config.ts"]!,
    "package.json": '{ "type": "module" }',
    "tsconfig.json": JSON.stringify({
      extends: join(ROOT, "tsconfig.json"),
      compilerOptions: {
        paths: { microvm: [join(ROOT, "src/index.ts")] },
        typeRoots: [join(ROOT, "node_modules/@types")],
      },
      include: ["."],
    }),
  });
  mkdirSync(join(directory, "modules"));
  writeFileSync(join(directory, "modules/dnsmasq.ts"), TUTORIAL["modules/dnsmasq.ts"]!);

  test("has types that fit", async () => {
    const { stdout, code } = await runToEnd([
      join(ROOT, "node_modules/.bin/tsc"),
      "--noEmit",
      "-p",
      directory,
    ]);
    assert.equal(code, 0, stdout.toString());
  });

  test("is a module whose options are known, and a guest that has what they say", async () => {
    const { stdout, stderr } = await microvm(["eval", `${directory}#names`, "--json"]);
    assert.equal(stderr, "");
    const { services, environment } = JSON.parse(stdout).config;
    assert.deepEqual(services.dnsmasq, { enable: true, addresses: { "db.lan": "10.0.0.2" } });
    assert.equal(environment.etc["dnsmasq.conf"].text, "no-resolv\naddress=/db.lan/10.0.0.2\n");
    const wrong = await microvm(["eval", `${directory}#nams`]);
    assert.match(wrong.stderr, /did you mean "names"/);
  });
});
