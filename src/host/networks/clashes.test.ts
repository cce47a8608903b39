import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { checkClashes, parseRoutes } from "./clashes.ts";
import { lan } from "./testing/planned.ts";

/** As the kernel writes it: a default route, a network, one host, and our own bridge. */
const ROUTES = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	010200C0	0003	0	0	0	00000000	0	0	0
eth0	000200C0	00000000	0001	0	0	0	00FFFFFF	0	0	0
tun0	05000A0A	00000000	0001	0	0	0	FFFFFFFF	0	0	0
mv-lan	0000010A	00000000	0001	0	0	0	00FFFFFF	0	0	0
`;

test("the kernel's routes are read", () => {
  assert.deepEqual(parseRoutes(ROUTES), [
    { device: "eth0", to: "0.0.0.0/0" },
    { device: "eth0", to: "192.0.2.0/24" },
    { device: "tun0", to: "10.10.0.5/32" },
    { device: "mv-lan", to: "10.1.0.0/24" },
  ]);
});

test("a network may be where only wider routes and its own bridge are, and nowhere else", () => {
  const routes = parseRoutes(ROUTES);
  checkClashes([lan()], [], routes);
  const clash = (subnet: string) => () => checkClashes([lan({ subnet })], [], routes);
  assert.throws(clash("192.0.2.0/24"), {
    code: "network-clash",
    message:
      '"microvm.networks.lan.subnet" is "192.0.2.0/24", and this host has "192.0.2.0/24" at its interface "eth0"',
  });
  checkClashes([lan({ subnet: "192.0.2.0/24" })], ["eth0"], routes);
  assert.throws(clash("10.10.0.0/16"), /"10\.10\.0\.5\/32" at its interface "tun0"/);
});

test("this machine's own routes are asked when none are given", () => {
  const near = parseRoutes(readFileSync("/proc/net/route", "utf8")).filter(({ to }) =>
    /^\d+\.\d+\.\d+\.0\/24$/.test(to),
  );
  for (const { to } of near)
    assert.throws(() => checkClashes([lan({ subnet: to })], []), { code: "network-clash" });
  checkClashes([lan({ subnet: "100.99.98.0/24" })], []);
});
