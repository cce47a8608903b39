/** Accounts, secrets and the network as a guest has them, asserted from inside and from the host. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { findInStore, freePort, guestProject, startMicrovm, temporaryDirectory } from "./support.ts";

const PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMS1ZHmlrAfVPeOMM+vK0mmqk5uYh5k1R0YFZr1kq1YQ test";
/** `openssl passwd -6 -salt saltsalt geheim` and a text that is nowhere else: both are looked for in the store. */
const HASH =
  "$6$saltsalt$sfZR6YSW/Dp0uCiyF9fDipa6ORr5LVLOwXNgtzRlXXhkC7xA3w4zy97VIC3vL14AUXGJp3yBjZVztkdiBzJnX1";
const TOKEN = "a-token-that-no-store-path-may-hold-4711";

const secrets = temporaryDirectory();
writeFileSync(join(secrets, "alice"), `${HASH}\n`, { mode: 0o600 });
writeFileSync(join(secrets, "token"), TOKEN, { mode: 0o600 });

/** Two ports of the host that nobody listens on. */
const [open, closed] = [await freePort(), await freePort()];

const directory = guestProject(`
  microvm: {
    vcpu: 1,
    interfaces: [{ type: "user", id: "net0" }],
    forwardPorts: [
      { host: { port: ${open} }, guest: { port: 80 } },
      { host: { port: ${closed} }, guest: { port: 81 } },
    ],
    credentialFiles: {
      "alice-password": ${JSON.stringify(join(secrets, "alice"))},
      "api.token": ${JSON.stringify(join(secrets, "token"))},
    },
  },
  networking: {
    domain: "example.org",
    hosts: { "10.0.2.100": ["db"] },
    extraHosts: "10.0.2.101 cache",
    search: ["lan"],
    firewall: {
      allowedTCPPorts: [80],
      interfaces: { net0: { allowedUDPPorts: [53] } },
      rejectPackets: true,
      extraInputRules: "ip saddr 10.9.9.9 accept",
    },
    nftables: { ruleset: "table ip ours { }" },
    interfaces: { net0: { useDHCP: true, ipv4: { addresses: [{ address: "10.0.2.77", prefixLength: 24 }], routes: [{ address: "10.77.0.0", prefixLength: 16, via: "10.0.2.2" }] }, mtu: 1400 } },
  },
  systemd: {
    sysusers: { enable: true },
    network: {
      netdevs: { "20-br7": { netdevConfig: { Kind: "bridge", Name: "br7" } } },
      networks: { "30-br7": { matchConfig: { Name: "br7" }, address: ["10.88.0.1/24"], networkConfig: { ConfigureWithoutCarrier: true } } },
    },
    tmpfiles: {
      rules: ["d /run/ruled 0711 alice users -"],
      settings: { set: { "/run/set": { f: { mode: "0640", user: "svc", argument: "hello" } } } },
    },
    services: {
      token: {
        wantedBy: ["multi-user.target"],
        serviceConfig: { Type: "oneshot", ImportCredential: "api.*" },
        script: "cp $CREDENTIALS_DIRECTORY/api.token /run/token",
      },
    },
  },
  users: {
    mutableUsers: false,
    users: {
      alice: {
        isNormalUser: true, uid: 1234, extraGroups: ["wheel", "adm"], hashedPasswordFile: "alice-password", linger: true,
        homeMode: "0750", openssh: { authorizedKeys: { keyFiles: ["alice.pub"] } },
      },
      bob: { isNormalUser: true, password: "ein Geheimnis", shell: "/bin/sh", home: "/srv/bob" },
      svc: { isSystemUser: true, group: "team" },
    },
    groups: { team: { gid: 777 } },
  },
  security: {
    sudo: { enable: true, wheelNeedsPassword: false, extraRules: [{ users: ["bob"], commands: [{ command: "/usr/bin/id", options: ["NOPASSWD"] }] }] },
  },
  time: { timeZone: "Europe/Berlin" },
  services: {
    openssh: { enable: true, hostKeys: [{ path: "/etc/ssh/ssh_host_ed25519_key", type: "ed25519" }] },
    nginx: {
      enable: true,
      virtualHosts: { a: { default: true, extraConfig: "access_log /run/access.log; return 200 open;" }, b: { listen: [{ port: 81 }], locations: { "/": { return: "200 closed" } } } },
    },
  },
`);
writeFileSync(join(directory, "alice.pub"), `${PUBLIC_KEY}\n`);

/** Each line is a name and a command; the test asserts what the command prints. */
const CHECKS: Readonly<Record<string, readonly [command: string, expected: RegExp]>> = {
  state: ["systemctl is-system-running --wait", /^running$/],
  fqdn: [
    "hostname -f; getent hosts db cache",
    /^guest\.example\.org\n10\.0\.2\.100 +db\n10\.0\.2\.101 +cache$/,
  ],
  resolver: ["cat /etc/resolv.conf", /^search example\.org lan\nnameserver 10\.0\.2\.3$/],
  addresses: ["ip -br -4 address show net0", /^net0 +UP +10\.0\.2\.77\/24 .*10\.0\.2\.15\/24/],
  mtu: ["cat /sys/class/net/net0/mtu", /^1400$/],
  route: ["ip route show 10.77.0.0/16", /via 10\.0\.2\.2 dev net0/],
  bridge: ["ip -br -4 address show br7", /10\.88\.0\.1\/24/],
  firewall: [
    "nft list chain inet firewall input-allow",
    /tcp dport \{ 22, 80 \} accept\n\s+iifname "net0" udp dport 53 accept[\s\S]*icmp type echo-request accept[\s\S]*ip saddr 10\.9\.9\.9 accept/,
  ],
  ruleset: ["nft list tables", /^table inet firewall\ntable ip ours$/],
  alice: ["id alice", /^uid=1234\(alice\) gid=100\(users\) groups=100\(users\),4\(adm\),\d+\(wheel\)$/],
  homes: ["stat -c '%U %a' /home/alice /srv/bob", /^alice 750\nbob 700$/],
  shells: ["getent passwd alice bob svc | cut -d: -f7", /^\/bin\/bash\n\/bin\/sh\n\/usr\/sbin\/nologin$/],
  team: ["id -gn svc; id -g svc", /^team\n777$/],
  hash: ["getent shadow alice | cut -d: -f2", /^\$6\$saltsalt\$.{86}$/],
  sysusers: [
    "systemctl show -P ConditionResult systemd-sysusers; mkdir -p /tmp/kept/etc; echo root:x:0:0::/root:/bin/sh >/tmp/kept/etc/passwd; systemd-sysusers --root=/tmp/kept - </etc/sysusers.d/microvm.conf 2>/dev/null && grep '^[as]' /tmp/kept/etc/passwd",
    /^yes\nalice:x:1234:100::\/home\/alice:\/bin\/bash\nsvc:x:\d+:777::\/nonexistent:\/usr\/sbin\/nologin$/,
  ],
  // su asks PAM; a pipe is no terminal, but it reads the password all the same.
  su: ["echo 'ein Geheimnis' | runuser -u svc -- su bob -c 'id -un' 2>&1 | tail -1", /bob$/],
  wrongPassword: [
    "echo falsch | runuser -u svc -- su bob -c 'id -un' 2>&1 | tail -1",
    /Authentication failure$/,
  ],
  immutable: ["passwd -d bob 2>&1 | tail -1; getent shadow bob | cut -d: -f2 | cut -c1-3", /\$6\$$/],
  sudo: ["runuser -u alice -- sudo -n id -un; runuser -u bob -- sudo -n /usr/bin/id -un", /^root\nroot$/],
  noSudo: ["runuser -u bob -- sudo -n /usr/bin/true 2>&1", /password is required/],
  sudoers: ["visudo -c", /sudoers\.d\/microvm: parsed OK/],
  linger: ["ls /var/lib/systemd/linger", /^alice$/],
  keys: ["cat /etc/ssh/authorized_keys.d/alice", /^ssh-ed25519 AAAAC3.* test$/],
  credential: [
    "systemd-creds --system cat api.token; echo; cat /run/token",
    new RegExp(`^${TOKEN}\n${TOKEN}$`),
  ],
  tmpfiles: [
    "stat -c '%U %a' /run/ruled; stat -c '%U %a' /run/set; cat /run/set",
    /^alice 711\nsvc 640\nhello$/,
  ],
  zone: ["date +%Z", /^CES?T$/],
  hostKey: [
    "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key; ssh-keyscan -T 60 localhost 2>/dev/null | grep -c ssh-ed25519",
    /ED25519\)\n1$/,
  ],
};

test("what is declared of users, secrets and the network holds, in the guest and from the host", async () => {
  const script = Object.entries(CHECKS)
    .map(([name, [command]]) => `echo '== ${name}'\n(${command})\necho`)
    .join("\n");
  const machine = startMicrovm([
    "run",
    directory,
    "--exec",
    `${script}\necho '== checked'\nuntil grep -q /stop /run/access.log; do sleep 1; done`,
  ]);
  await machine.until(/^== checked$/m);
  const printed = new Map(
    machine
      .output()
      .split(/^== /m)
      .map((part) => [part.slice(0, part.indexOf("\n")), part.slice(part.indexOf("\n") + 1).trim()]),
  );
  const wrong = Object.entries(CHECKS).filter(
    ([name, [, expected]]) => !expected.test(printed.get(name) ?? ""),
  );
  const answers = await Promise.allSettled(
    [open, closed].map(async (port) => (await fetch(`http://127.0.0.1:${port}/`)).text()),
  );
  await fetch(`http://127.0.0.1:${open}/stop`);
  assert.equal(await machine.exited, 0, machine.output());
  assert.deepEqual(
    wrong.map(([name, [, expected]]) => [name, printed.get(name), String(expected)]),
    [],
  );
  assert.deepEqual(answers[0], { status: "fulfilled", value: "open" });
  assert.equal(answers[1]!.status, "rejected");
  assert.match(machine.output(), /warning: "users\.users\.bob\.password" is a password in clear/);
});

test("no store path holds a secret: neither the host's files nor a password in clear, nor a host key", () => {
  const secrets = [TOKEN, HASH, "ein Geheimnis", "BEGIN OPENSSH PRIVATE KEY-----\nb3"];
  // Runners, systems and configuration layers; packages know no secret of ours.
  assert.deepEqual(findInStore(/-(guest-config|microvm-.*guest)$/, 3, secrets), []);
});
