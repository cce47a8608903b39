import assert from "node:assert/strict";
import { test } from "node:test";
import { hostConflicts } from "./host-conflicts.ts";
import { guestConfig } from "./testing/evaluate.ts";

const guest = (name: string, microvm: object) => ({ name, config: guestConfig({ microvm }) });

const port = (host: object) => ({
  interfaces: [{ type: "user", id: "net0" }],
  forwardPorts: [{ host, guest: { port: 80 } }],
});

test("a hardware address, a volume and a forwarded port are one VM's, and both are named", () => {
  const mac = "02:00:00:00:00:0A";
  const cases: readonly (readonly [object, object, string])[] = [
    [
      { interfaces: [{ type: "user", id: "net0", mac }] },
      { interfaces: [{ type: "user", id: "net0", mac: mac.toLowerCase() }] },
      '"a" and "b" of one host have the hardware address "02:00:00:00:00:0a"',
    ],
    [
      { volumes: [{ image: "/srv/data.img", size: 1 }] },
      { volumes: [{ image: "/srv/data.img", size: 1 }] },
      '"a" and "b" of one host have the volume "/srv/data.img"',
    ],
    [
      port({ port: 8080 }),
      port({ port: 8080 }),
      '"a" and "b" of one host have the forwarded port 8080/tcp of "127.0.0.1"',
    ],
  ];
  for (const [a, b, message] of cases) {
    assert.deepEqual(hostConflicts([guest("a", a), guest("b", b)]), [message]);
  }
});

test("a port at all addresses is the same port at one of them, and two addresses are two", () => {
  const at = (name: string, address: string, proto = "tcp") => {
    const microvm = port({ port: 8080, address });
    return guest(name, { ...microvm, forwardPorts: microvm.forwardPorts.map((one) => ({ ...one, proto })) });
  };
  assert.deepEqual(hostConflicts([at("a", "0.0.0.0"), at("b", "127.0.0.1")]), [
    '"a" and "b" of one host have the forwarded port 8080/tcp of "any"',
  ]);
  assert.deepEqual(hostConflicts([at("a", ""), at("b", "192.0.2.1"), at("c", "", "udp")]), [
    '"a" and "b" of one host have the forwarded port 8080/tcp of "any"',
  ]);
  assert.deepEqual(hostConflicts([at("a", "192.0.2.2"), at("b", "192.0.2.1")]), []);
});

test("three VMs are named together", () => {
  const same = ["a", "b", "c"].map((name) => guest(name, port({ port: 1 })));
  assert.deepEqual(hostConflicts(same), [
    '"a", "b" and "c" of one host have the forwarded port 1/tcp of "127.0.0.1"',
  ]);
});

test("interfaces of the host and vsock's numbers are one VM's", () => {
  const bare = guestConfig({});
  const made = (name: string, type: string, cid: number) => ({
    name,
    config: {
      ...bare,
      microvm: {
        ...bare.microvm,
        interfaces: [{ type: type as "tap", id: "vm-0", mac: null }],
        vsock: { cid },
      },
    } as unknown as typeof bare,
  });
  assert.deepEqual(hostConflicts([made("a", "tap", 7), made("b", "macvtap", 7)]), [
    '"a" and "b" of one host have the interface "vm-0"',
    '"a" and "b" of one host have the vsock cid 7',
  ]);
});

test("what VMs have each for themselves, or may share, is no conflict", () => {
  const own = { volumes: [{ image: "data.img", size: 1 }], ...port({ port: 8080 }) };
  const other = {
    volumes: [
      { image: "data.img", size: 1 },
      { image: "/srv/iso", size: 1, readOnly: true },
    ],
    ...port({ address: "127.0.0.2", port: 8080 }),
  };
  const third = { volumes: [{ image: "/srv/iso", size: 1, readOnly: true }] };
  assert.deepEqual(hostConflicts([guest("a", own), guest("b", other), guest("c", third)]), []);
});

test("what an installed VM has is no other's", () => {
  const installed = {
    name: "old",
    interfaces: [{ type: "tap", id: "vm-x", mac: "02:00:00:00:00:01" }],
    disks: [
      { image: { file: "/srv/data.img" }, readOnly: false },
      { image: { file: "own.img" }, readOnly: false },
      { image: {}, readOnly: true },
    ],
    forwardPorts: [{ from: "host", proto: "tcp", host: { address: "127.0.0.1", port: 8080 } }],
    vsockCid: 7,
  } as const;
  const conflicts = (microvm: object) => hostConflicts([guest("new", microvm)], [installed]);
  for (const [microvm, what] of [
    [
      { interfaces: [{ type: "user", id: "net0", mac: "02:00:00:00:00:01" }] },
      'the hardware address "02:00:00:00:00:01"',
    ],
    [{ volumes: [{ image: "/srv/data.img", size: 1 }] }, 'the volume "/srv/data.img"'],
    [port({ port: 8080 }), 'the forwarded port 8080/tcp of "127.0.0.1"'],
  ] as const) {
    assert.deepEqual(conflicts(microvm), [`"new" and "old" of one host have ${what}`]);
  }
  assert.deepEqual(conflicts({ volumes: [{ image: "own.img", size: 1 }], ...port({ port: 8081 }) }), []);
  assert.deepEqual(hostConflicts([guest("new", {})], [installed, { ...installed, name: "older" }]).length, 5);
});
