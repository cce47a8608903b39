/** The runner's scripts for interfaces, in a namespace: what they make, leave alone and remove. */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Interface } from "../../src/hypervisors/machine.ts";
import { machine } from "../../src/hypervisors/testing/machine.ts";
import { missing } from "../../src/os/testing/programs.ts";
import { interfaceScripts } from "../../src/runner/interface-scripts.ts";
import { needsRoot, temporaryDirectory } from "../support.ts";
import { startNamespace } from "./namespace.ts";

const skip = needsRoot || missing("ip");
const mac = "02:00:00:00:00:01";
const tap = (id: string, fields: Partial<Interface> = {}): Interface => ({ id, type: "tap", mac, ...fields });

/** A namespace, and the scripts of a machine with these interfaces. */
async function stage(interfaces: readonly Interface[], vcpu = 1) {
  const place = await startNamespace();
  const bin = join(temporaryDirectory(), "hash-runner/bin");
  mkdirSync(bin, { recursive: true });
  for (const [name, text] of Object.entries(
    interfaceScripts(machine({ interfaces, vcpu }), { onPath: "ip" }),
  )) {
    writeFileSync(join(bin, name), text);
    chmodSync(join(bin, name), 0o755);
  }
  const links = async () => place.ok(["ip", "-details", "-oneline", "link", "show"]);
  return { place, links, script: (name: string) => join(bin, name) };
}

test("taps are made for the user who runs the VM, join their bridges, and are gone again", {
  skip,
}, async () => {
  const { place, links, script } = await stage(
    [
      tap("vm-a"),
      tap("vm-b", { type: "bridge", bridge: "br7" }),
      tap("vm-c", { bridge: "mv-lan", network: "lan" }),
    ],
    2,
  );
  await place.ok([
    "sh",
    "-euc",
    'ip link add br7 type bridge; ip link add mv-lan type bridge; ip link set mv-lan alias "microvm network lan isolated"',
  ]);
  const owner = { MICROVM_USER: "nobody" };
  await place.ok([script("tap-up")], owner);
  // What a VM that was killed left behind is made anew.
  await place.ok([script("tap-up")], owner);
  const made = await links();
  assert.match(
    made,
    /vm-a: .* tun type tap .*multi_queue.* vnet_hdr|vm-a: .* tun type tap .*vnet_hdr.*multi_queue/,
  );
  assert.match(made, /vm-a: .* user (nobody|65534)/);
  assert.match(made, /vm-b: .* master br7 .* isolated off/);
  assert.match(made, /vm-c: .* master mv-lan .* isolated on/);
  await place.ok([script("tap-down")]);
  await place.ok([script("tap-down")]);
  assert.doesNotMatch(await links(), /vm-[abc]/);
});

test("a network that is not there is named, and so is a bridge", { skip }, async () => {
  const { place, script } = await stage([tap("vm-a", { bridge: "mv-lan", network: "lan" })]);
  const { code, output } = await place.run([script("tap-up")]);
  assert.equal(code, 1);
  assert.equal(
    output,
    'tap-up: The network "lan" is not set up on this host: declare it as "microvm.networks.lan" and run "microvm switch", or start "microvm-network-lan.service"',
  );
  const other = await stage([tap("vm-b", { type: "bridge", bridge: "br7" })]);
  const absent = await other.place.run([other.script("tap-up")]);
  assert.equal(absent.output, 'tap-up: The bridge "br7" is not there: make it before the VM starts');
});

test("a tap that a running VM holds is not taken from it", { skip: skip || missing("socat") }, async () => {
  const { place, links, script } = await stage([tap("vm-a")]);
  await place.ok([script("tap-up")]);
  // Opens the tap as a hypervisor does.
  // What it is connected with is a pipe: a program of its own would outlive it.
  place.start(["socat", "TUN,tun-type=tap,tun-name=vm-a,iff-no-pi", "PIPE"]);
  await place.ok(["sh", "-c", "until [ $(cat /sys/class/net/vm-a/carrier) = 1 ]; do sleep 0.05; done"]);
  const before = await links();
  const { code, output } = await place.run([script("tap-up")]);
  assert.equal(code, 1);
  assert.equal(
    output,
    'tap-up: The tap "vm-a" is in use: the VM runs already, or another one has the same id',
  );
  assert.equal(await links(), before);
});

test("an interface of the host's own is neither taken nor removed", { skip }, async () => {
  const { place, links, script } = await stage([tap("mine")]);
  await place.ok(["ip", "link", "add", "mine", "type", "bridge"]);
  const before = await links();
  for (const name of ["tap-up", "tap-down"]) {
    const { code, output } = await place.run([script(name)]);
    assert.equal(code, 1);
    assert.equal(
      output,
      `${name}: "mine" is an interface of this host and no tap of the VM's: choose another id`,
    );
  }
  assert.equal(await links(), before);
});

test("a macvtap is on its link, and its file is the user's who runs the VM", { skip }, async () => {
  const macvtap = { link: "up0", mode: "private" };
  const { place, links, script } = await stage([{ id: "vm-m", type: "macvtap", mac, macvtap }]);
  const missingLink = await place.run([script("macvtap-up")]);
  assert.match(
    missingLink.output,
    /macvtap-up: The interface "up0", which the macvtap "vm-m" is on, is not there/,
  );
  await place.ok(["ip", "link", "add", "up0", "type", "veth", "peer", "name", "up1"]);
  await place.ok([script("macvtap-up")], { MICROVM_USER: "nobody" });
  assert.match(await links(), /vm-m@up0: .*link\/ether 02:00:00:00:00:01 .*macvtap mode private/);
  const device = `/dev/tap${await place.ok(["cat", "/sys/class/net/vm-m/ifindex"])}`;
  assert.match(await place.ok(["stat", "-c", "%U %F", device]), /^nobody character special file$/);
  await place.ok([script("macvtap-down")]);
  assert.doesNotMatch(await links(), /vm-m/);
});
