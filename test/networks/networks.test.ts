/**
 * A network of the host's own as the example has it, in namespaces: one is the host, one the world outside. Its unit's
 * scripts run there, and two VMs boot there on their taps.
 */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { BUSYBOX, EMPTY_IMAGE, exampleCopy, microvm, needsRoot, startMicrovm } from "../support.ts";
import { builtNetwork } from "./built-network.ts";
import { startNamespace } from "./namespace.ts";

/** Addresses of the world outside: one that VMs may reach, one that the example's rules deny. */
const [OUTSIDE, DENIED] = ["203.0.113.2", "192.168.7.2"];

/** The example's network with guests that are up sooner: "db" has a page, and "web" hands on what it is asked to "db". */
function project(): string {
  const directory = exampleCopy("internal-network");
  const file = join(directory, "microvm.config.ts");
  const text = readFileSync(file, "utf8");
  const page = "HTTP/1.0 200 OK\\r\\n\\r\\nthe database\\n";
  const guests = `vms: {
    web: guest("vm-web", ["nc", "db.lan.internal", "80"]),
    db: guest("vm-db", ["sh", "-c", "read -r _; printf '${page}'"]),
  } } } } });`;
  const guest = `import { oci } from "microvm";
  const guest = (id: string, answer: string[]) => ({
    pkgs: oci({
      archive: "image.tar",
      architecture: "amd64",
      cmd: ["${BUSYBOX}", "nc", "-ll", "-p", "80", "-e", "${BUSYBOX}", ...answer],
    }),
    config: { microvm: { interfaces: [{ type: "tap" as const, id, network: "lan" }] } },
  });`;
  const [start] = text.split("vms: {");
  writeFileSync(file, `${guest}\n${start}${guests}`);
  writeFileSync(join(directory, "image.tar"), EMPTY_IMAGE);
  return directory;
}

/** Whether "db" answers this address of the guest's. */
const reaches = (from: string, seconds: number) =>
  `ping -c 1 -w ${seconds} -I ${from} db >/dev/null 2>&1; echo $?`;

/** What the guest says, part by part; each line is a name, a command, and what it prints. */
const CHECKS: Readonly<Record<string, readonly [command: string, expected: RegExp]>> = {
  names: ["nslookup db.lan.internal; cat /etc/resolv.conf", /10\.77\.0\.10\n[\s\S]*^search lan\.internal$/m],
  host: ["nslookup host.lan.internal", /: 10\.77\.0\.1$/m],
  upstream: ["nslookup somewhere.example", /: 203\.0\.113\.2$/m],
  neighbour: ["until wget -T 20 -qO- http://db/; do sleep 1; done", /the database$/],
  nat: [`wget -T 20 -qO- http://${OUTSIDE}/`, /^(::ffff:)?203\.0\.113\.1$/],
  denied: [`wget -T 20 -qO- http://${DENIED}/`, /No route to host$/],
  // An address that is another's, or nobody's, leads nowhere.
  own: [reaches("$(ip -o -4 address show dev eth0 | sed 's/.*inet //; s,/.*,,')", 30), /^0$/m],
  spoofed: [
    `ip address add 10.77.0.99/24 dev eth0; ${reaches("10.77.0.99", 3)}; ip address del 10.77.0.99/24 dev eth0`,
    /^1$/m,
  ],
};

test("VMs reach each other by name and the world by NAT, and nothing of the host's own is touched", {
  skip: needsRoot,
}, async (t) => {
  const directory = project();
  const { network, script, tool } = await builtNetwork(directory);
  // In the namespace there is no way to a mirror.
  for (const { vm } of network.members) {
    const { code, stderr } = await microvm(["build", "--quiet", `${directory}#${vm}`]);
    assert.equal(code, 0, stderr);
  }
  const [host, outside] = [await startNamespace(), await startNamespace()];
  const ip = (line: string) => [...tool("ip"), ...line.split(" ")];
  const foreign = async () => [
    await host.ok([...tool("nft"), "list", "table", "inet", "foreign"]),
    await host.ok(ip("-o link show foreign0")),
    await host.ok(["cat", "/proc/sys/net/ipv4/ip_forward"]),
  ];
  const get = async (from: typeof host, url: string) => {
    const page = `fetch("${url}", { signal: AbortSignal.timeout(5000) }).then((r) => r.text()).then(console.log, () => console.log("none"))`;
    return from.ok([process.execPath, "-e", page]);
  };

  // The world: a cable to it, pages that say who asks, and a name server.
  await host.ok(ip(`link add up0 type veth peer name world0 netns ${outside.pid}`));
  for (const line of [
    "address add 203.0.113.1/24 dev up0",
    "address add 192.168.7.1/24 dev up0",
    "link set lo up",
    "link set up0 up",
  ])
    await host.ok(ip(line));
  for (const address of [OUTSIDE, DENIED]) await outside.ok(ip(`address add ${address}/24 dev world0`));
  for (const line of ["link set lo up", "link set world0 up", "route add 10.77.0.0/24 via 203.0.113.1"])
    await outside.ok(ip(line));
  await host.ok(ip(`route add default via ${OUTSIDE}`));
  outside.start([
    process.execPath,
    "-e",
    "require('http').createServer((q, s) => s.end(q.socket.remoteAddress)).listen(80)",
  ]);
  outside.start([
    ...tool("dnsmasq"),
    ..."--keep-in-foreground --conf-file=/dev/null --user=root --no-resolv --pid-file".split(" "),
    `--address=/somewhere.example/${OUTSIDE}`,
  ]);
  writeFileSync(join(directory, "resolv.conf"), `nameserver ${OUTSIDE}\n`);
  await host.ok(["mount", "--bind", join(directory, "resolv.conf"), "/etc/resolv.conf"]);
  await host.ok([
    ...tool("nft"),
    "add table inet foreign; add chain inet foreign own { type filter hook forward priority 5; policy accept; }; add rule inet foreign own tcp dport 4711 drop",
  ]);
  await host.ok(ip("link add foreign0 type bridge"));
  const before = await foreign();

  // A subnet that the host reaches elsewhere is refused, and nothing is left of the attempt.
  const runtime = { RUNTIME_DIRECTORY: "/run/microvm-network-lan" };
  await host.ok(["mkdir", runtime.RUNTIME_DIRECTORY]);
  await host.ok(ip(`route add 10.77.0.128/25 via ${OUTSIDE}`));
  const refused = await host.run([script("network-up")]);
  assert.match(
    refused.output,
    /network-up: the subnet 10\.77\.0\.0\/24 of the network "lan" is in use on this host: 10\.77\.0\.128\/25 via/,
  );
  assert.equal(refused.code, 1);
  assert.deepEqual(await foreign(), before);
  await host.ok(ip("route del 10.77.0.128/25"));

  await host.ok([script("network-up")], runtime);
  host.start([script("network-serve"), "--keep-in-foreground"], runtime);
  const below = host.inside([]);
  const db = startMicrovm(
    ["run", `${directory}#db`, "--timeout", "300", "--exec", "echo up; sleep 1000"],
    {},
    below,
  );
  const commands = Object.entries(CHECKS).map(
    ([name, [command]]) => `echo '== ${name}'\n(${command}) 2>&1\necho`,
  );
  const web = startMicrovm(
    [
      "run",
      `${directory}#web`,
      "--timeout",
      "300",
      "--exec",
      `${commands.join("\n")}\necho '== checked'\nsleep 1000`,
    ],
    {},
    below,
  );
  await web.until(/^== checked$/m);

  await t.test("as the guest sees it", () => {
    const printed = new Map(
      web
        .output()
        .split(/^== /m)
        .map((part) => [part.slice(0, part.indexOf("\n")), part.slice(part.indexOf("\n") + 1).trim()]),
    );
    const wrong = Object.entries(CHECKS).filter(
      ([name, [, expected]]) => !expected.test(printed.get(name) ?? ""),
    );
    assert.deepEqual(
      wrong.map(([name, [, expected]]) => [name, printed.get(name), String(expected)]),
      [],
    );
  });
  await t.test(
    "the forwarded port leads in, from the host and from outside, and nothing else does",
    async () => {
      assert.equal(await get(host, "http://127.0.0.1:8080/"), "the database");
      assert.equal(await get(outside, "http://203.0.113.1:8080/"), "the database");
      assert.equal(await get(outside, "http://10.77.0.10/"), "none");
      assert.equal(await get(host, "http://10.77.0.10/"), "the database");
    },
  );
  await t.test("the address is the one that was decided", async () => {
    const leases = await host.ok(["cat", "/run/microvm-network-lan/leases"]);
    for (const { mac, address, vm } of network.members)
      assert.match(leases, new RegExp(`${mac} ${address} ${vm} `));
  });
  await t.test("the network can be made anew below running VMs", async () => {
    const before = await host.ok(ip("-o link show mv-lan"));
    await host.ok([script("network-down")], runtime);
    assert.equal(await get(host, "http://127.0.0.1:8080/"), "none");
    await host.ok([script("network-up")], runtime);
    const address = /link\/ether (\S+)/;
    assert.equal(address.exec(await host.ok(ip("-o link show mv-lan")))?.[1], address.exec(before)?.[1]);
    assert.equal(await get(host, "http://127.0.0.1:8080/"), "the database");
  });
  for (const machine of [web, db]) machine.child.kill("SIGTERM");
  for (const machine of [web, db]) await machine.exited;
  await t.test("nothing is left, and what was there before is as it was", async () => {
    assert.doesNotMatch(await host.ok(ip("-o link show")), /vm-web|vm-db/);
    await host.ok([script("network-down")], runtime);
    assert.doesNotMatch(await host.ok(ip("-o link show")), /mv-lan/);
    assert.equal(await host.ok([...tool("nft"), "list", "tables"]), "table inet foreign");
    assert.deepEqual(await foreign(), before);
  });
});
