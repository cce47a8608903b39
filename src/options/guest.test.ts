import assert from "node:assert/strict";
import { test } from "node:test";
import { CAPABILITIES } from "../hypervisors/capabilities.ts";
import { mkForce } from "../module-system/index.ts";
import { guest, guestConfig } from "./testing/evaluate.ts";

// biome-ignore lint/suspicious/noExplicitAny: tests give wrong modules too
const faultsOf = (config: any) => guest(config).faults;

const user = { type: "user", id: "net0" };
const share = (fields: object) => ({ tag: "a", source: "/srv", mountPoint: "/srv", ...fields });

test("a guest that says nothing is valid", () => {
  const { faults, warnings } = guest({});
  assert.deepEqual([faults, warnings], [[], []]);
});

test("a hypervisor that cannot be started is refused", () => {
  assert.deepEqual(faultsOf({ microvm: { hypervisor: "firecracker" } }), [
    '"microvm.hypervisor" is "firecracker", which this version cannot start: it can start "qemu"',
  ]);
});

test("what the hypervisor cannot do is refused, by option", (t) => {
  const able = { ...CAPABILITIES.qemu! };
  t.after(() => Object.assign(CAPABILITIES.qemu!, able));
  Object.assign(CAPABILITIES.qemu!, { interfaces: ["user"], devices: ["pci"], vsock: false });
  const interfaces = [user, { type: "tap", id: "tap0" }, { type: "bridge", id: "b0", bridge: "br0" }];
  const devices = [{ bus: "usb", path: "vendorid=0x046d,productid=0xc52b" }];
  assert.deepEqual(faultsOf({ microvm: { interfaces, devices, vsock: { cid: 3 } } }), [
    '"microvm.interfaces.1.type" is "tap", which "qemu" cannot do here',
    '"microvm.interfaces.2.type" is "bridge", which "qemu" cannot do here',
    '"microvm.devices.0.bus" is "usb", which "qemu" cannot do here',
    '"microvm.vsock.cid" is "3", which "qemu" cannot do here',
  ]);
});

test("what belongs to one type of interface is given with that type, and only then", () => {
  const faults = faultsOf({
    microvm: {
      interfaces: [
        { type: "bridge", id: "a" },
        { type: "tap", id: "b", bridge: "br0" },
        { type: "macvtap", id: "c" },
        { type: "tap", id: "d", macvtap: { link: "eth0" } },
        { type: "macvtap", id: "e", macvtap: { link: "eth0" }, network: "lan", tap: { vhost: true } },
        { type: "tap", id: "good", network: "lan", tap: { vhost: true } },
        { type: "bridge", id: "fine", bridge: "br0" },
      ],
    },
  });
  assert.deepEqual(faults, [
    '"microvm.interfaces.0" has the type "bridge": say which one with its "bridge"',
    '"microvm.interfaces.1.bridge" is set, and the interface "b" is of the type "tap", not "bridge"',
    '"microvm.interfaces.2" has the type "macvtap": say which interface it is on with its "macvtap.link"',
    '"microvm.interfaces.3.macvtap.link" is set, and the interface "d" is of the type "tap", not "macvtap"',
    '"microvm.interfaces.4.network" is set, and the interface "e" is of the type "macvtap", not "tap"',
    '"microvm.interfaces.4.tap.vhost" is set, and the interface "e" is of the type "macvtap", not "tap"',
  ]);
});

test("names of interfaces that the host would not take are refused", () => {
  for (const id of ["sixteen-letters-", "a/b", "..", "-x", ""]) {
    const faults = faultsOf({ microvm: { interfaces: [{ type: "tap", id }] } });
    assert.match(faults.join(), /interfaces.*id/, id);
  }
});

test("devices have an address that their bus knows, virtual sockets one that is free", () => {
  const devices = [
    { bus: "pci", path: "0000:01:00.0" },
    { bus: "pci", path: "01:00.0" },
    { bus: "usb", path: "vendorid=0x046d,productid=0xc52b" },
    { bus: "usb", path: "0000:01:00.0" },
  ];
  assert.deepEqual(faultsOf({ microvm: { devices, vsock: { cid: 2 } } }), [
    '"microvm.devices.1.path" is "01:00.0": a device of the bus "pci" has an address such as "0000:01:00.0", which "lspci -D" prints',
    '"microvm.devices.3.path" is "0000:01:00.0": a device of the bus "usb" has properties such as "vendorid=0x046d,productid=0xc52b"',
    '"microvm.vsock.cid" is 2, which is reserved for the host: take 3 or more',
  ]);
  assert.deepEqual(faultsOf({ microvm: { vsock: { ssh: { enable: true } } } }), [
    '"microvm.vsock.ssh.enable" needs an address: set "microvm.vsock.cid" to 3 or more',
  ]);
});

test("a guest without agent is not waited for by its agent", () => {
  const services = { qemuGuest: { enable: false } };
  assert.deepEqual(faultsOf({ services }), []);
  assert.deepEqual(faultsOf({ services, microvm: { readiness: { stage: "agent" } } }), [
    '"microvm.readiness.stage" is "agent", and "services.qemuGuest.enable" is false: a guest without agent never gets there; say which other stage is meant',
  ]);
  assert.match(
    faultsOf({ microvm: { readiness: { stage: "nginx" } } }).join(),
    /"microvm\.readiness\.stage"/,
  );
});

test("names that must be unique are named when they are not, all at once", () => {
  const volume = { image: "a.img", size: 1 };
  const faults = faultsOf({
    microvm: {
      volumes: [volume, volume, volume],
      interfaces: [user, user],
      shares: [
        share({ socket: "s" }),
        share({ tag: "b", socket: "s" }),
        share({ tag: "b" }),
        share({ tag: "a" }),
      ],
    },
  });
  assert.deepEqual(faults, [
    '"microvm.volumes.*.image" must be unique: "a.img" is given more than once',
    '"microvm.interfaces.*.id" must be unique: "net0" is given more than once',
    '"microvm.shares.*.tag" must be unique: "b", "a" is given more than once',
    '"microvm.shares.*.socket" must be unique: "s" is given more than once',
    '"microvm.interfaces" may hold one interface with type "user"',
    '"microvm.shares.0" and "microvm.shares.1" and "microvm.shares.2" and "microvm.shares.3" are mounted on one place, "/srv", in "<inline>"',
  ]);
});

test("forwarded ports need a user interface", () => {
  const forwardPorts = [{ host: { port: 8080 }, guest: { port: 80 } }];
  assert.deepEqual(faultsOf({ microvm: { forwardPorts } }), [
    '"microvm.forwardPorts" needs an interface with type "user": add one to "microvm.interfaces"',
  ]);
  assert.deepEqual(faultsOf({ microvm: { forwardPorts, interfaces: [user] } }), []);
});

test("a port that leads from the guest needs TCP and an address", () => {
  const port = { from: "guest", host: { port: 1 }, guest: { port: 2, address: "10.0.2.100" } };
  const forwardPorts = [port, { ...port, proto: "udp" }, { ...port, guest: { port: 2 } }];
  const needs =
    'leads from the guest: it needs the protocol "tcp" and an address of the guest\'s network, such as "10.0.2.100"';
  assert.deepEqual(faultsOf({ microvm: { forwardPorts, interfaces: [user] } }), [
    `"microvm.forwardPorts.1" ${needs}`,
    `"microvm.forwardPorts.2" ${needs}`,
  ]);
});

test("the store comes by disk or by share, not both", () => {
  const shares = [share({ tag: "ro-store" })];
  assert.deepEqual(faultsOf({ microvm: { storeOnDisk: true, shares } }), [
    '"microvm.storeOnDisk" is true, yet the share "ro-store" would bring the store: drop one of them',
  ]);
});

test("memory at which a guest is known not to work is warned of", () => {
  const warningsOf = (mem: number) => guest({ microvm: { mem } }).warnings;
  assert.deepEqual(warningsOf(2048), [
    '"microvm.mem" is 2048 MiB, at which QEMU is known to hang: use 2047 or 2049',
  ]);
  assert.deepEqual(warningsOf(31), ['"microvm.mem" is 31 MiB: a guest needs at least 32 MiB']);
  for (const mem of [32, 2047, 2049]) assert.deepEqual(warningsOf(mem), []);
});

test("a user is a person or a service's account", () => {
  const users = { alice: { isNormalUser: true, isSystemUser: true }, bob: { isNormalUser: true } };
  assert.deepEqual(faultsOf({ users: { users } }), [
    '"users.users.alice" has both "isNormalUser" and "isSystemUser": a user is either a person or a service\'s account',
  ]);
});

test("keys that become paths, units, accounts or shell words must be such", () => {
  const text = { text: "" };
  const faults = faultsOf({
    users: { users: { "a:0": {}, "../x": {} }, groups: { "g\n": {} } },
    systemd: { services: { "a/../../b": {}, "fine@1": { environment: { "A B": "" } } } },
    environment: {
      variables: { "x; touch y": "", _Y2: "" },
      etc: { "../shadow": text, "/abs": text, "a//b": text, "fine/..a": text, "": text },
      files: { "/a/../b": text, relative: text, "/dir/": text, "/fine/.b": text, "/": text },
    },
    microvm: { binScripts: { "../run": "", "tap-up": "" } },
  });
  assert.deepEqual(faults, [
    '"systemd.services" has "a/../../b", which is no name of a unit',
    '"systemd.services.fine@1.environment" has "A B", which is no name of a variable',
    '"users.users" has "a:0", which is no name of a user',
    '"users.users" has "../x", which is no name of a user',
    '"users.groups" has "g\\n", which is no name of a group',
    '"environment.variables" has "x; touch y", which is no name of a variable',
    '"environment.etc" has "../shadow", which is no path below "/etc"',
    '"environment.etc" has "/abs", which is no path below "/etc"',
    '"environment.etc" has "a//b", which is no path below "/etc"',
    '"environment.etc" has "", which is no path below "/etc"',
    '"environment.files" has "/a/../b", which is no absolute path of a file',
    '"environment.files" has "relative", which is no absolute path of a file',
    '"environment.files" has "/dir/", which is no absolute path of a file',
    '"environment.files" has "/", which is no absolute path of a file',
    '"microvm.binScripts" has "../run", which is no name of a script',
  ]);
});

test("mount points lie below the root", () => {
  const shares = ["/", "/a/../b", "/fine/"].map((mountPoint, i) => share({ tag: `t${i}`, mountPoint }));
  const volumes = [
    { image: "a", size: 1, mountPoint: "//" },
    { image: "b", size: 1 },
  ];
  assert.deepEqual(faultsOf({ microvm: { shares, volumes } }), [
    '"microvm.shares.0.mountPoint" is "/", which is no directory below "/"',
    '"microvm.shares.1.mountPoint" is "/a/../b", which is no directory below "/"',
    '"microvm.volumes.0.mountPoint" is "//", which is no directory below "/"',
  ]);
});

test("values that become file names or fields cannot leave their place", () => {
  const wrong = [
    { microvm: { socket: "../x.sock" } },
    { microvm: { socket: ".." } },
    { microvm: { shares: [share({ socket: "/run/x.sock" })] } },
    { microvm: { kernelParams: ["a b"] } },
    { users: { users: { a: { home: "/home:0" } } } },
    { users: { users: { a: { extraGroups: ["a:b"] } } } },
    { users: { users: { a: { hashedPassword: "x:y" } } } },
    { systemd: { maskedUnits: ["../a.service"] } },
    { systemd: { services: { a: { wantedBy: ["../../x"] } } } },
  ];
  for (const config of wrong) {
    const faults = faultsOf(config);
    assert.equal(faults.length, 1, JSON.stringify(config));
    assert.match(faults[0]!, /string matching the pattern/);
  }
});

test("the kernel starts the security modules that somebody has use for", () => {
  const lsm = (config: object) => guestConfig(config).security.lsm;
  assert.deepEqual(lsm({}), ["landlock", "lockdown", "yama"]);
  const serviceConfig = { RestrictFileSystems: "ext4" };
  assert.deepEqual(lsm({ systemd: { services: { a: { serviceConfig } } } }).slice(3), ["bpf"]);
  assert.deepEqual(lsm({ environment: { packages: ["apparmor"] } }).slice(3), ["apparmor"]);
  assert.deepEqual(lsm({ microvm: { optimize: { enable: false } } }), []);
  assert.deepEqual(lsm({ security: { lsm: ["bpf"] } }), ["bpf"]);
});

test("systemd has libbpf when a declared unit needs it", () => {
  const systemdBpf = (config: object) => guestConfig(config).microvm.optimize.systemdBpf;
  assert.equal(systemdBpf({ systemd: { services: { a: { serviceConfig: { User: "a" } } } } }), false);
  for (const systemd of [
    { services: { a: { serviceConfig: { RestrictNetworkInterfaces: "net0" } } } },
    { sockets: { a: { socketConfig: { SocketBindDeny: "any" } } } },
    { slices: { a: { sliceConfig: { RestrictNetworkInterfaces: "net0" } } } },
  ]) {
    assert.equal(systemdBpf({ systemd }), true);
  }
  assert.equal(systemdBpf({ microvm: { optimize: { enable: false } } }), true);
});

test("units that a microVM does not need are masked with those that the guest names, unless it says otherwise", () => {
  const masked = (config: object) => guestConfig(config).systemd.maskedUnits;
  const maskedUnits = ["a.timer"];
  assert.ok(masked({}).includes("apt-daily.timer"));
  assert.deepEqual(masked({ systemd: { maskedUnits } }).toSorted(), [...masked({}), "a.timer"].toSorted());
  assert.deepEqual(
    masked({ microvm: { optimize: { enable: false } }, systemd: { maskedUnits } }),
    maskedUnits,
  );
  assert.deepEqual(masked({ systemd: { maskedUnits: mkForce(maskedUnits) } }), maskedUnits);
});

test("the OpenSSH server knows the declared keys, and its settings can be changed", () => {
  const { settings } = guestConfig({
    services: { openssh: { enable: true, settings: { PasswordAuthentication: false } } },
  }).services.openssh;
  assert.deepEqual(settings, {
    AuthorizedKeysFile: ".ssh/authorized_keys /etc/ssh/authorized_keys.d/%u",
    PasswordAuthentication: false,
  });
});
