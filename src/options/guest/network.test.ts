import assert from "node:assert/strict";
import { test } from "node:test";
import { withFile } from "../../module-system/index.ts";
import { guest, guestConfig } from "../testing/evaluate.ts";

// biome-ignore lint/suspicious/noExplicitAny: tests give wrong modules too
const faultsOf = (config: any) => guest(() => ({ imports: [withFile("web.ts", { config })] })).faults;

const interfaces = [{ type: "user", id: "net0" }];
const microvm = { interfaces };
const addresses = (...list: string[]) => ({
  ipv4: { addresses: list.map((address) => ({ address, prefixLength: 24 })) },
});

test("the firewall lets in what is allowed, in rules that a person would have written", () => {
  const { environment } = guestConfig({
    microvm,
    networking: {
      firewall: {
        allowedTCPPorts: [443, 80, 80],
        allowedTCPPortRanges: [
          { from: 8000, to: 8010 },
          { from: 8005, to: 8020 },
        ],
        allowedUDPPorts: [53],
        interfaces: { net0: { allowedTCPPorts: [5432] } },
        trustedInterfaces: ["net1"],
        pingLimit: "2/second",
        rejectPackets: true,
        extraInputRules: "ip saddr 10.0.0.0/8 accept",
      },
      nftables: { ruleset: "table ip nat { }" },
    },
  });
  assert.ok(environment.servicePackages.includes("nftables"));
  assert.equal(
    environment.etc["nftables.conf"]!.text,
    `#!/usr/sbin/nft -f

flush ruleset

# networking.firewall
table inet firewall {
  chain input {
    type filter hook input priority filter; policy drop;

    iifname { "lo", "net1" } accept comment "trusted interfaces"
    ct state vmap { invalid : drop, established : accept, related : accept, new : jump input-allow, untracked : jump input-allow }
    tcp flags & (fin | syn | rst | ack) == syn log level info prefix "refused connection: "
    meta l4proto tcp reject with tcp reset
    reject
  }

  chain input-allow {
    tcp dport { 80, 443, 8000-8020 } accept
    udp dport { 53 } accept
    iifname "net0" tcp dport { 5432 } accept
    icmp type echo-request limit rate 2/second accept comment "allow ping"
    icmpv6 type != { nd-redirect, 139 } accept comment "allow all ICMPv6 messages except redirects and node information queries"
    ip6 daddr fe80::/64 udp dport 546 accept comment "DHCPv6 client"
    ip saddr 10.0.0.0/8 accept
  }
}

# networking.nftables.ruleset
table ip nat { }
`,
  );
});

test("a guest without interfaces, or without a firewall, has no packet filter", () => {
  for (const module of [{}, { microvm, networking: { firewall: { enable: false } } }]) {
    const { environment } = guestConfig(module);
    assert.ok(!environment.servicePackages.includes("nftables"));
    assert.equal(environment.etc["nftables.conf"], undefined);
  }
});

test("the OpenSSH server opens its ports, nginx does not", () => {
  const ports = (services: object) => guestConfig({ microvm, services }).networking.firewall.allowedTCPPorts;
  assert.deepEqual(ports({ openssh: { enable: true, ports: [22, 2222] } }), [22, 2222]);
  assert.deepEqual(ports({ openssh: { enable: true, openFirewall: false } }), []);
  assert.deepEqual(ports({ nginx: { enable: true, virtualHosts: { a: {} } } }), []);
});

test("a forwarded port that the firewall refuses is warned of", () => {
  const forwardPorts = [{ host: { port: 8080 }, guest: { port: 80 } }];
  const module = { microvm: { interfaces, forwardPorts } };
  assert.deepEqual(guest(module).warnings, [
    '"microvm.forwardPorts.0" leads to the guest\'s TCP port 80, which the firewall refuses: add it to "networking.firewall.allowedTCPPorts"',
  ]);
  const firewalls = [
    { allowedTCPPorts: [80] },
    { allowedTCPPortRanges: [{ from: 1, to: 100 }] },
    { interfaces: { net0: { allowedTCPPorts: [80] } } },
    { trustedInterfaces: ["net0"] },
    { enable: false },
  ];
  for (const firewall of firewalls) {
    assert.deepEqual(guest(module, { networking: { firewall } }).warnings, []);
  }
});

test("two services on one port are named, whatever the firewall does", () => {
  const services = {
    openssh: { enable: true, ports: [80] },
    nginx: { enable: true, virtualHosts: { a: {}, b: {}, c: { listen: [{ port: 81 }] } } },
  };
  assert.deepEqual(faultsOf({ services }), [
    '"services.openssh.ports" in "web.ts" and "services.nginx.virtualHosts.a" in "web.ts" both listen on the TCP port 80',
  ]);
});

test("services on one port of different addresses do not exclude each other, and each file is named", () => {
  const at = (addr: string) => ({ enable: true, virtualHosts: { a: { listen: [{ addr, port: 6379 }] } } });
  const faults = (bind: string | null, addr: string) => {
    const servers = { "": { enable: true, bind } };
    const modules = [
      withFile("cache.ts", { config: { services: { redis: { servers } } } }),
      withFile("web.ts", { config: { services: { nginx: at(addr) } } }),
    ];
    return guest(() => ({ imports: modules })).faults;
  };
  const both =
    '"services.nginx.virtualHosts.a" in "web.ts" and "services.redis.servers."".port" in "cache.ts" both listen on the TCP port 6379';
  for (const [bind, addr] of [
    ["127.0.0.1", "0.0.0.0"],
    ["127.0.0.1 -::1", "[::1]"],
    [null, "10.0.0.1"],
    ["*", "[::]"],
  ] as const) {
    assert.deepEqual(faults(bind, addr), [both], `${bind} ${addr}`);
  }
  for (const [bind, addr] of [
    ["127.0.0.1", "127.0.0.2"],
    ["127.0.0.1", "[::]"],
    ["127.0.0.1", "unix:/run/a"],
  ] as const) {
    assert.deepEqual(faults(bind, addr), [], `${bind} ${addr}`);
  }
});

test("addresses that are none are refused with option and file", () => {
  const wrong = (option: string, type: string, value: string) =>
    `The option "${option}" must be of type "${type}", but is "${value}" in "web.ts"`;
  const v4 = "networking.interfaces.net0.ipv4.addresses[0].address";
  assert.deepEqual(faultsOf({ networking: { interfaces: { net0: addresses("10.0.0.256") } } }), [
    wrong(v4, "IPv4 address", "10.0.0.256"),
  ]);
  const address = "systemd.network.networks.lan.address";
  for (const text of ["10.0.0.1", "10.0.0.1/33", "fd00::1/129", "10.0.0/8", "fd00:::1/64"]) {
    const faults = faultsOf({ systemd: { network: { networks: { lan: { address: [text] } } } } });
    assert.deepEqual(faults, [
      wrong(`${address}[0]`, 'IP address with a prefix length, such as "10.0.0.2/24"', text),
    ]);
  }
  for (const port of [65536, -1]) {
    assert.deepEqual(faultsOf({ networking: { firewall: { allowedTCPPorts: [port] } } }), [
      `The option "networking.firewall.allowedTCPPorts[0]" must be of type "16 bit unsigned integer; between 0 and 65535 (both inclusive)", but is ${port} in "web.ts"`,
    ]);
  }
  assert.deepEqual(faultsOf({ networking: { firewall: { allowedUDPPortRanges: [{ from: 9, to: 5 }] } } }), [
    '"networking.firewall.allowedUDPPortRanges" has a range from 9 to 5: it ends before it begins',
  ]);
});

test("one address on two interfaces is refused, in whatever spelling", () => {
  const ipv6 = (address: string) => ({ ipv6: { addresses: [{ address, prefixLength: 64 }] } });
  const interfaces = { a: ipv6("fd00::1"), b: ipv6("fd00:0:0::1") };
  assert.deepEqual(faultsOf({ networking: { interfaces } }), [
    '"networking.interfaces.b" has the address "fd00:0:0::1", which "networking.interfaces.a" has, too, in "web.ts"',
  ]);
});

test("a gateway goes to the interface in whose network it is", () => {
  const interfaces = { a: addresses("10.0.0.2"), b: addresses("10.0.1.2") };
  const routes = (networking: object) => {
    const { networks } = guestConfig({ microvm, networking: { interfaces, ...networking } }).systemd.network;
    return Object.fromEntries(Object.entries(networks).map(([name, { routes }]) => [name, routes]));
  };
  assert.deepEqual(routes({ defaultGateway: "10.0.1.1", useDHCP: false }), {
    "40-a": [],
    "40-b": [{ Gateway: "10.0.1.1" }],
  });
  const gateway6 = { address: "fe80::1", interface: "a", metric: 5 };
  assert.deepEqual(routes({ defaultGateway6: gateway6, useDHCP: false })["40-a"], [
    { Gateway: "fe80::1", Metric: 5 },
  ]);
  assert.deepEqual(faultsOf({ networking: { interfaces, defaultGateway: "10.9.0.1" } }), [
    '"networking.defaultGateway" is "10.9.0.1", which is in the network of no address in "networking.interfaces": say its "interface"',
  ]);
  assert.deepEqual(
    faultsOf({ networking: { interfaces, defaultGateway: { address: "10.9.0.1", interface: "c" } } }),
    ['"networking.defaultGateway.interface" is "c", which "networking.interfaces" does not have'],
  );
});

test("names that become files or interfaces must be such", () => {
  assert.deepEqual(
    faultsOf({
      networking: {
        interfaces: { "a/b": {} },
        firewall: { interfaces: { 'x"': {} } },
        hosts: { "not an address": ["a"] },
      },
      systemd: { network: { networks: { "../x": {} } }, tmpfiles: { settings: { "a/b": {} } } },
    }),
    [
      '"networking.interfaces" has "a/b", which is no name of an interface',
      '"networking.firewall.interfaces" has "x\\"", which is no name of an interface',
      '"networking.hosts" has "not an address", which is no address',
      '"systemd.network.networks" has "../x", which is no name of a file',
      '"systemd.tmpfiles.settings" has "a/b", which is no name of a file',
    ],
  );
});

test("resolved answers for names where none of their servers is known before the guest starts", () => {
  const enabled = (module: object) => guestConfig(module).services.resolved.enable;
  assert.equal(enabled({}), false);
  assert.equal(enabled({ microvm }), false);
  assert.equal(enabled({ microvm, services: { resolved: { enable: true } } }), true);
  const onTap = { microvm: { interfaces: [{ type: "tap", id: "vm-web", mac: "02:00:00:00:00:01" }] } };
  assert.equal(enabled(onTap), true);
  // Nothing is installed into an image.
  assert.equal(enabled({ ...onTap, _module: { args: { pkgs: { type: "oci" } } } }), false);
  const { environment } = guestConfig({
    networking: { nameservers: ["9.9.9.9"], domain: "example.org", search: ["lan"] },
    services: { resolved: { enable: true, fallbackDns: [], extraConfig: "Cache=no" } },
  });
  assert.equal(
    environment.etc["systemd/resolved.conf.d/microvm.conf"]!.text,
    "[Resolve]\nDNS=9.9.9.9\nFallbackDNS=\nDomains=example.org lan\nDNSSEC=false\nLLMNR=true\nCache=no\n",
  );
});
