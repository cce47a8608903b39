import assert from "node:assert/strict";
import { test } from "node:test";
import { hostWith } from "./testing/evaluate.ts";

// biome-ignore lint/suspicious/noExplicitAny: wrong options
const faultsOf = (networks: any) => hostWith({ networks }).faults;

test("a subnet is enough", () => {
  const { config, faults } = hostWith({ networks: { lan: { subnet: "10.1.0.0/24" } } });
  assert.deepEqual(faults, []);
  const { nat, dhcp, dns, isolated, egress } = config.microvm.networks.lan!;
  assert.deepEqual(
    [nat, dhcp, dns, isolated, egress.default, egress.host],
    [true, true, true, false, "allow", true],
  );
});

test("bad subnets, names and addresses are refused, all at once", () => {
  const faults = faultsOf({
    Lan: { subnet: "10.1.0.0/24" },
    a: { subnet: "10.2.0.0/31" },
    b: { subnet: "10.3.0.7/24" },
    c: { subnet: "10.4.0.0/24", subnet6: "fd00:1::/48" },
    d: { subnet: "10.5.0.0/24", hosts: { web: { address: "10.6.0.7" }, db: { address: "10.5.0.1" } } },
    e: { subnet: "10.7.0.0/24", hosts: { x: { address: "10.7.0.9" }, y: { address: "10.7.0.9" } } },
    f: { subnet: "10.8.0.0/24", egress: { rules: [{ action: "deny", ports: [25] }] } },
  });
  assert.deepEqual(faults, [
    '"microvm.networks" has "Lan", which is no name of a network: it has at most 32 small letters, digits and dashes',
    '"microvm.networks.a.subnet" is "10.2.0.0/31": its prefix length must be from 8 to 30',
    '"microvm.networks.b.subnet" is "10.3.0.7/24", an address within a subnet: write the first one',
    '"microvm.networks.c.subnet6" is "fd00:1::/48": it must be the first address of a subnet, with "/64"',
    '"microvm.networks.d.hosts.web.address" is "10.6.0.7", which is outside of the subnet "10.5.0.0/24"',
    '"microvm.networks.d.hosts.db.address" is "10.5.0.1", which is the host\'s own',
    '"microvm.networks.e.hosts.y.address" is "10.7.0.9", which "x" has, too',
    '"microvm.networks.f.egress.rules.0" has ports: say of which "proto"',
  ]);
});

test("networks with addresses in common are refused", () => {
  const faults = faultsOf({
    a: { subnet: "10.0.0.0/8", subnet6: "fd00::/64" },
    b: { subnet: "10.1.0.0/24", subnet6: "fd00:0::/64" },
    c: { subnet: "10.1.0.0/24" },
  });
  assert.deepEqual(faults, [
    '"microvm.networks.b.subnet" is "10.1.0.0/24", which overlaps with "10.0.0.0/8" of "a"',
    '"microvm.networks.b.subnet6" is "fd00:0::/64", which "a" has, too',
    '"microvm.networks.c.subnet" is "10.1.0.0/24", which overlaps with "10.0.0.0/8" of "a"',
    '"microvm.networks.c.subnet" is "10.1.0.0/24", which overlaps with "10.1.0.0/24" of "b"',
  ]);
});

test("a port of the host leads to one place", () => {
  const to = (port: number, fields: object = {}) => ({
    host: { port, ...fields },
    vm: "web",
    guest: { port: 80 },
  });
  const faults = faultsOf({
    a: {
      subnet: "10.1.0.0/24",
      forwardPorts: [to(80), to(81, { address: "192.0.2.1" }), { ...to(80), proto: "udp" }],
    },
    b: {
      subnet: "10.2.0.0/24",
      forwardPorts: [to(80, { address: "192.0.2.1" }), to(81, { address: "192.0.2.2" })],
    },
  });
  assert.deepEqual(faults, [
    '"microvm.networks.b.forwardPorts.0" forwards the TCP port 80 of the host, which "microvm.networks.a.forwardPorts.0" does, too',
  ]);
});

test("what is no address, no subnet and no port has a fault with its option", () => {
  const [subnet, port, address] = [
    faultsOf({ lan: { subnet: "10.1.0.0/33" } }),
    faultsOf({
      lan: {
        subnet: "10.1.0.0/24",
        forwardPorts: [{ host: { port: 70000 }, vm: "web", guest: { port: 80 } }],
      },
    }),
    faultsOf({ lan: { subnet: "10.1.0.0/24", hosts: { web: { address: "10.1.0.256" } } } }),
  ].map((faults) => faults.join("\n"));
  assert.match(
    subnet!,
    /"microvm\.networks\.lan\.subnet".*IPv4 subnet, such as "10\.1\.0\.0\/24".*"10\.1\.0\.0\/33"/s,
  );
  assert.match(port!, /forwardPorts.*port.*70000/s);
  assert.match(address!, /"microvm\.networks\.lan\.hosts\.web\.address".*10\.1\.0\.256/s);
});
