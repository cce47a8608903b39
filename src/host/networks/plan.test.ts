import assert from "node:assert/strict";
import { test } from "node:test";
import type { MicrovmError } from "../../errors.ts";
import { faultsOf } from "../../module-system/index.ts";
import { addressLines, planNetworks } from "./plan.ts";
import type { ConfiguredVm } from "./planned-network.ts";
import { lan, networksOf, vmOn } from "./testing/planned.ts";

function faults(networks: object, vms: readonly ConfiguredVm[]): string[] {
  try {
    planNetworks(networksOf(networks), vms);
    return [];
  } catch (error) {
    return faultsOf(error as MicrovmError).map(({ message }) => message);
  }
}

const addressesOf = (vms: readonly ConfiguredVm[], options = {}) =>
  Object.fromEntries(lan(options, [...vms]).members.map(({ vm, address }) => [vm, address]));

test("an address comes from the VM's name: other VMs, their order and their number change nothing", () => {
  const [web, db, mail] = ["web", "db", "mail"].map((name) => vmOn(name, "lan"));
  const all = addressesOf([web!, db!, mail!]);
  assert.deepEqual(addressesOf([mail!, web!]), { mail: all.mail, web: all.web });
  assert.equal(new Set(Object.values(all)).size, 3);
  assert.deepEqual(addressLines([lan({}, [web!])]), [`lan: web ${all.web} (web.internal)`]);
});

test("names that come to one address are parted, and a full subnet is filled to the last address", () => {
  const vms = Array.from({ length: 13 }, (_, index) => vmOn(`vm${index}`, "lan"));
  const addresses = Object.values(addressesOf(vms, { subnet: "10.1.0.0/28" }));
  assert.deepEqual(
    addresses.map((address) => Number(address.split(".")[3])).sort((one, other) => one - other),
    Array.from({ length: 13 }, (_, index) => index + 2),
  );
});

test("declared addresses are kept: the host's word, and the guest's own", () => {
  const own = {
    networking: {
      interfaces: { "vm-db": { ipv4: { addresses: [{ address: "10.1.0.9", prefixLength: 24 }] } } },
    },
  };
  const vms = [vmOn("web", "lan"), vmOn("db", "lan", own)];
  const hosts = { web: { address: "10.1.0.8" }, deployed: { address: "10.1.0.7", mac: "02:00:00:00:00:AA" } };
  assert.deepEqual(addressesOf(vms, { hosts }), { web: "10.1.0.8", db: "10.1.0.9", deployed: "10.1.0.7" });
  assert.equal(lan({ hosts }, vms).members.find(({ vm }) => vm === "deployed")?.mac, "02:00:00:00:00:aa");
});

test("what VMs and networks get wrong about each other is told, all at once", () => {
  const at = (id: string, address: string) => ({
    networking: { interfaces: { [id]: { ipv4: { addresses: [{ address, prefixLength: 24 }] } } } },
  });
  const twice = {
    microvm: { interfaces: [{ type: "tap", id: "more", network: "lan" }] },
  };
  const vms = [
    vmOn("a", "lna"),
    vmOn("b", "other-net"),
    vmOn("c", "lan", at("vm-c", "10.9.0.1")),
    vmOn("d", "lan", at("vm-d", "10.1.0.9")),
    vmOn("e", "lan", at("vm-e", "10.1.0.9")),
    vmOn("f", "lan", at("vm-f", "10.1.0.12")),
    vmOn("g", "lan", twice),
  ];
  const options = {
    subnet: "10.1.0.0/24",
    hosts: { f: { address: "10.1.0.13" }, gone: { address: "10.1.0.20" } },
    forwardPorts: [{ host: { port: 80 }, vm: "dd", guest: { port: 80 } }],
  };
  assert.deepEqual(faults({ lan: options }, vms), [
    'The VM "a" is on the network "lna" by "microvm.interfaces.0", and the host has none of that name; did you mean "lan"',
    'The VM "b" is on the network "other-net" by "microvm.interfaces.0", and the host has none of that name: declare "microvm.networks.other-net"',
    'The VM "c" gives "networking.interfaces.vm-c" the address "10.9.0.1", which is outside of the subnet "10.1.0.0/24" of the network "lan"',
    'The VM "f" has the address "10.1.0.12" by its "networking.interfaces.vm-f" and "10.1.0.13" by "microvm.networks.lan.hosts": say it once',
    'The VM "g" has 2 interfaces on the network "lan": one is enough',
    '"microvm.networks.lan.hosts" has "gone", and no VM of that name is on the network here: give its "mac" if it is deployed from a "flake"',
    'The VMs "d" and "e" have one address on the network "lan": "10.1.0.9"',
    '"microvm.networks.lan.forwardPorts.0" leads to the VM "dd", which is not on that network; did you mean "d"',
  ]);
});

test("a subnet that is too small for its VMs is refused", () => {
  const vms = ["a", "b"].map((name) => vmOn(name, "lan"));
  assert.deepEqual(faults({ lan: { subnet: "10.1.0.0/30" } }, vms), [
    '"microvm.networks.lan.subnet" is "10.1.0.0/30", too small: it has room for 1 VMs, and 2 are on it',
  ]);
});

test("a port of the host that a guest forwards by itself is not the network's as well", () => {
  const own = (port: number, address: string) => ({
    microvm: {
      interfaces: [{ type: "user", id: "net0" }],
      forwardPorts: [{ host: { port, address }, guest: { port: 80 } }],
    },
  });
  const vms = [
    vmOn("web", "lan"),
    vmOn("a", "lan", own(80, "127.0.0.1")),
    vmOn("b", "lan", own(81, "192.0.2.1")),
  ];
  const to = (port: number, address: string | null) => ({
    host: { port, address },
    vm: "web",
    guest: { port: 80 },
  });
  const forwardPorts = [to(80, null), to(81, "192.0.2.2"), to(82, null)];
  assert.deepEqual(faults({ lan: { subnet: "10.1.0.0/24", forwardPorts } }, vms), [
    '"microvm.networks.lan.forwardPorts.0" forwards the TCP port 80 of the host, which "microvm.forwardPorts" of the VM "a" does, too',
  ]);
});
