/** A network of the host under a real systemd: its unit alone, with networkd and without; then as part of a host, with guests. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { TextFile } from "../../src/host/networks/networkd.ts";
import { builtNetwork } from "../networks/built-network.ts";
import { exampleCopy } from "../support.ts";
import { type Host, needsHosts, startHost } from "./container.ts";
import { testGuests } from "./guests.ts";

const UNIT = "microvm-network-lan.service";

/** The address of a name, by the network's own server. */
const lookUp = (host: Host, name: string) =>
  host.ok([
    ...["node", "-e"],
    `const r = new (require("dns").Resolver)(); r.setServers(["10.77.0.1"]); r.resolve4("${name}", (e, a) => console.log(e ? e.code : a[0]))`,
  ]);

describe("a network of a host", { skip: needsHosts }, async () => {
  const host = needsHosts === false ? await startHost() : (undefined as unknown as Host);
  testUnit(host);
  testGuests(host);
});

/** The unit, written by hand. */
function testUnit(host: Host): void {
  let units: readonly TextFile[] = [];
  let etc: readonly TextFile[] = [];
  const sh = (script: string) => host.ok(["sh", "-euc", script]);
  const start = (verb = "start") =>
    sh(`systemctl ${verb} ${UNIT} || { journalctl -b -o cat -u ${UNIT} >&2; exit 1; }`);
  const bridge = () => sh("ip -brief address show dev mv-lan; cat /sys/class/net/mv-lan/ifindex");
  const nothing = async () => {
    assert.doesNotMatch(
      await sh("ip -brief link show; nft list tables; ls -A /run; ! ls -A /run/microvm-networks | grep ."),
      /lan/,
    );
    assert.equal(await sh("cat /proc/sys/net/ipv4/ip_forward"), "0");
  };

  test("is made without networkd", async () => {
    const directory = exampleCopy("internal-network");
    const { files } = await builtNetwork(directory);
    ({ units, etc } = files("/var/lib/microvm/store", "microvm-store"));
    await sh(
      "groupadd --system microvm-store; chgrp microvm-store /var/lib/microvm/store; chmod 0710 /var/lib/microvm/store",
    );
    for (const { path, text } of units) await host.write(`/etc/systemd/system/${path}`, text);
    await sh(
      "systemctl stop systemd-networkd.service systemd-networkd.socket 2>/dev/null || :; systemctl daemon-reload",
    );
    assert.equal(await sh(`systemd-analyze verify /etc/systemd/system/${UNIT} 2>&1 | grep -i lan || :`), "");
    await start();
    assert.match(await bridge(), /^mv-lan .* 10\.77\.0\.1\/24 *\n\d+$/);
    assert.equal(await lookUp(host, "db.lan.internal"), "10.77.0.10");
    assert.equal(await lookUp(host, "nobody.lan.internal"), "ENOTFOUND");
    const user = await sh(`ps -o user:20= -p "$(systemctl show -P MainPID ${UNIT})"`);
    assert.notEqual(user, "root");
    const exposure = await sh(`systemd-analyze security --no-pager ${UNIT} | tail -1`);
    assert.ok(Number(/level for .*: (\d+\.\d+)/.exec(exposure)?.[1]) < 3, exposure);
  });
  test("a server that dies is started again, and the bridge stays", async () => {
    const before = await bridge();
    await sh(`kill -9 "$(systemctl show -P MainPID ${UNIT})"`);
    await host.until(
      ["sh", "-c", `[ "$(systemctl show -P NRestarts ${UNIT})" = 1 ] && ss -lnu | grep -q 10.77.0.1:53`],
      20,
    );
    assert.equal(await bridge(), before);
    await sh(`systemctl stop ${UNIT}`);
    await nothing();
  });
  test("with networkd, beside a file of the host's own that fits every interface", async () => {
    for (const { path, text } of etc) await host.write(`/etc/${path}`, text);
    await host.write(
      "/etc/systemd/network/10-all.network",
      "[Match]\nName=*\n\n[Network]\nAddress=192.0.2.7/24\n",
    );
    await sh("systemctl start systemd-networkd.service");
    await start();
    await host.until(["sh", "-c", "networkctl status mv-lan | grep -q 'State: .*(configured)'"], 20);
    const status = await sh("networkctl status mv-lan");
    assert.match(status, /Network File: \/etc\/systemd\/network\/05-microvm-lan\.network/);
    await start("restart");
    await host.until(["sh", "-c", "networkctl status mv-lan | grep -q 'State: .*(configured)'"], 20);
    assert.match(await bridge(), /^mv-lan .* 10\.77\.0\.1\/24 *\n\d+$/);
    assert.match(await lookUp(host, "web.lan.internal"), /^10\.77\.0\./);
  });
  test("a network that is no longer declared is gone", async () => {
    await sh(
      `rm /etc/systemd/network/05-microvm-lan*; systemctl stop ${UNIT}; rm -r /etc/systemd/system/${UNIT}; systemctl daemon-reload; networkctl reload`,
    );
    await nothing();
  });
  test("a subnet that came into use meanwhile is named in the journal", async () => {
    for (const { path, text } of units) await host.write(`/etc/systemd/system/${path}`, text);
    await sh(
      "ip link add other0 type bridge; ip address add 10.77.0.9/25 dev other0; ip link set other0 up; systemctl daemon-reload",
    );
    assert.notEqual((await host.run(["systemctl", "start", UNIT])).code, 0);
    await sh(`systemctl stop ${UNIT}`);
    assert.match(
      await sh(`journalctl -b -o cat -u ${UNIT}`),
      /network-up: the subnet 10\.77\.0\.0\/24 of the network "lan" is in use on this host: 10\.77\.0\.0\/25 dev other0/,
    );
    await nothing();
    await sh(
      `ip link delete other0; cd /etc/systemd/system; rm ${units.map(({ path }) => path).join(" ")}; systemctl daemon-reload`,
    );
  });
}
