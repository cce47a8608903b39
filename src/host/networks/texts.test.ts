/** What a network becomes on the host, as text. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { lint, missing, syntaxFaults } from "../../os/testing/programs.ts";
import { temporaryDirectory } from "../../os/testing/temporary-directory.ts";
import { dnsmasqConfiguration } from "./dnsmasq.ts";
import { networkFiles, networkRecipe } from "./network.ts";
import { rules } from "./nftables.ts";
import { downScript, serveScript, upScript } from "./scripts.ts";
import { lan, vmOn } from "./testing/planned.ts";

const WEB = lan().members[0]!;

/** Everything that a network can have. */
const everything = lan({
  subnet6: "fd00:1::/64",
  isolated: true,
  nameservers: ["9.9.9.9"],
  hosts: { deployed: { mac: "02:00:00:00:00:aa", address: "10.1.0.7" } },
  forwardPorts: [
    { host: { port: 8080 }, vm: "web", guest: { port: 80 } },
    { proto: "udp", host: { address: "192.0.2.1", port: 53 }, vm: "web", guest: { port: 5353 } },
  ],
  egress: {
    default: "deny",
    host: false,
    rules: [
      { action: "deny", to: "10.0.0.0/8" },
      { action: "allow", to: "fd02::/16" },
      { action: "allow", proto: "tcp", ports: [80, 443] },
      { action: "allow", proto: "udp" },
    ],
  },
});

test("the rules of a network", () => {
  const text = rules(
    lan({ checkSources: false, forwardPorts: [{ host: { port: 8080 }, vm: "web", guest: { port: 80 } }] }),
  );
  assert.equal(
    text.replaceAll(WEB.address, "WEB"),
    `table inet microvm-lan {
}
delete table inet microvm-lan
table inet microvm-lan {
	chain before {
		type filter hook prerouting priority -300; policy accept
		iifname "mv-lan" ip daddr 127.0.0.0/8 drop
	}
	chain input {
		type filter hook input priority 0; policy accept
		iifname != "mv-lan" accept
		ct state established,related accept
		udp dport 67 accept
		ip daddr 10.1.0.1 meta l4proto { tcp, udp } th dport 53 accept
		meta l4proto { 1, 58 } accept
	}
	chain forward {
		type filter hook forward priority 0; policy accept
		iifname != "mv-lan" oifname != "mv-lan" accept
		ct state established,related accept
		ct status dnat accept
		iifname "mv-lan" oifname "mv-lan" accept
		oifname "mv-lan" drop
	}
	chain ports {
		type nat hook prerouting priority -100; policy accept
		meta nfproto ipv4 fib daddr type local tcp dport 8080 dnat ip to WEB:80
	}
	chain own-ports {
		type nat hook output priority -100; policy accept
		meta nfproto ipv4 fib daddr type local tcp dport 8080 dnat ip to WEB:80
	}
	chain leaving {
		type nat hook postrouting priority 100; policy accept
		ip saddr 10.1.0.0/24 oifname != "mv-lan" masquerade
		ip saddr 127.0.0.0/8 oifname "mv-lan" masquerade
		ip saddr 10.1.0.0/24 ip daddr 10.1.0.0/24 ct status dnat oifname "mv-lan" masquerade
	}
}
`,
  );
});

test("rules of egress come in their order, for what is forwarded; the host can be closed", () => {
  const text = rules(everything);
  const chains = Object.fromEntries(
    text
      .split("\tchain ")
      .slice(1)
      .map((part) => [part.split(" ")[0], part]),
  );
  assert.match(
    chains.forward!,
    /"mv-lan" oifname "mv-lan" reject .*\n\t\toifname "mv-lan" drop\n\t\tip daddr 10\.0\.0\.0\/8 reject with icmpx admin-prohibited\n\t\tip6 daddr fd02::\/16 accept\n\t\ttcp dport \{ 80, 443 \} accept\n\t\tmeta l4proto udp accept\n\t\treject with icmpx admin-prohibited\n/,
  );
  assert.match(chains.input!, /58 \} accept\n\t\treject with icmpx admin-prohibited\n/);
  assert.match(chains.sources!, new RegExp(`iifname "vm-web" ether saddr != ${WEB.mac} drop`));
  assert.doesNotMatch(chains.sources!, /deployed|10\.1\.0\.7/);
});

test("a network that leads nowhere forwards nothing", () => {
  const text = rules(lan({ nat: false }));
  assert.match(text, /oifname "mv-lan" drop\n\t\treject/);
  assert.doesNotMatch(text, /masquerade|dnat ip/);
});

for (const [name, network] of Object.entries({
  "a plain network": lan(),
  "a network with everything": everything,
  "one that leads nowhere": lan({ nat: false }),
})) {
  test(`nft takes the rules of ${name}`, { skip: missing("nft") || process.getuid?.() !== 0 }, () => {
    const { status, stderr } = spawnSync("unshare", ["--net", "--", "nft", "-f", "-"], {
      input: rules(network).repeat(2),
      encoding: "utf8",
    });
    assert.equal(stderr, "");
    assert.equal(status, 0);
  });
  test(`dnsmasq takes the configuration of ${name}`, { skip: missing("dnsmasq") }, (t) => {
    const file = join(temporaryDirectory(t), "dnsmasq.conf");
    writeFileSync(file, dnsmasqConfiguration(network));
    const { status, stderr } = spawnSync("dnsmasq", ["--test", `--conf-file=${file}`], { encoding: "utf8" });
    assert.match(stderr, /syntax check OK/);
    assert.equal(status, 0);
  });
  const programs = { ip: { onPath: "ip" }, nft: { onPath: "nft" }, dnsmasq: { onPath: "dnsmasq" } };
  const scripts = {
    up: upScript(network, programs),
    down: downScript(network, programs),
    serve: serveScript(network, programs),
  };
  for (const [script, text] of Object.entries(scripts)) {
    test(`network-${script} of ${name} is POSIX shell`, () => assert.equal(syntaxFaults(text), ""));
    test(`network-${script} of ${name} passes shellcheck`, { skip: missing("shellcheck") }, () =>
      assert.equal(lint(text), ""),
    );
  }
}

test("addresses and names of a network", () => {
  const text = dnsmasqConfiguration(everything);
  for (const line of [
    "interface=mv-lan",
    "bind-interfaces",
    "listen-address=10.1.0.1,fd00:1::1",
    "no-hosts",
    "no-resolv",
    "server=9.9.9.9",
    "dhcp-ignore-names",
    "dhcp-range=10.1.0.2,10.1.0.254,255.255.255.0,12h",
    "dhcp-host=02:00:00:00:00:aa,10.1.0.7,deployed",
    "host-record=deployed.internal,deployed,10.1.0.7",
    `dhcp-host=${WEB.mac},${WEB.address},web`,
  ]) {
    assert.ok(text.split("\n").includes(line), line);
  }
  assert.match(dnsmasqConfiguration(lan({ dns: false })), /^port=0$/m);
  assert.doesNotMatch(dnsmasqConfiguration(lan({ dhcp: false })), /dhcp/);
  assert.match(dnsmasqConfiguration(lan({ nat: false })), /^dhcp-option=option:router$/m);
});

test("the unit is named after the network, runs its scripts, and comes before the taps of its VMs", () => {
  const { units, etc } = networkFiles(lan({}, [vmOn("web", "lan"), vmOn("db", "lan")]), {
    directory: "/var/lib/a store%/h-microvm-network-lan",
    storeGroup: "readers",
  });
  assert.deepEqual(
    units.map(({ path }) => path),
    [
      "microvm-network-lan.service",
      "microvms.target.d/network-lan.conf",
      "microvm-tap-interfaces@.service.d/network-lan.conf",
    ],
  );
  const [unit] = units;
  assert.match(
    unit!.text,
    /^Type=forking\nPIDFile=\/run\/microvm-network-lan\/pid\nExecStart=\/var\/lib\/a\\x20store%%\/h-microvm-network-lan\/bin\/network-serve$/m,
  );
  assert.match(unit!.text, /^ExecStopPost=\+.*\/network-down$/m);
  assert.match(unit!.text, /^DynamicUser=yes$/m);
  assert.match(unit!.text, /^SupplementaryGroups=readers$/m);
  assert.deepEqual(
    etc.map(({ path }) => path),
    ["netdev", "network"]
      .map((kind) => `systemd/network/05-microvm-lan.${kind}`)
      .concat("systemd/network/05-microvm-lan-taps.network"),
  );
  assert.match(etc[0]!.text, /^Name=mv-lan\nKind=bridge\nMACAddress=02(:[0-9a-f]{2}){5}$/m);
  assert.match(etc[2]!.text, /^Name=vm-db vm-web\n\n\[Link\]\nUnmanaged=yes$/m);
  const silent = networkFiles(lan({ dhcp: false, dns: false }), {
    directory: "/s/h-n",
    storeGroup: "readers",
  }).units[0]!.text;
  assert.match(silent, /^Type=oneshot$/m);
  assert.doesNotMatch(silent, /network-serve/);
});

test("a changed network is another store path, and so another unit", () => {
  const nameOf = (options: object) => networkRecipe(lan(options), undefined, "amd64");
  assert.notDeepEqual(nameOf({}), nameOf({ isolated: true }));
  assert.deepEqual(nameOf({}), nameOf({}));
});
