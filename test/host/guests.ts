/** Guests that really boot on a systemd host, emulated: its network, readiness, commands, silence, and the end. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { readTextIfExists } from "../../src/os/files.ts";
import { builtNetwork } from "../networks/built-network.ts";
import { exampleCopy, microvm } from "../support.ts";
import type { Host } from "./container.ts";
import { assertSettled, STATE, show } from "./state.ts";

/** What the example gets: a unit of "db" that never ends, and "web" watched. */
const CHANGES = {
  'id: "vm-db", network: "lan" }] },': `id: "vm-db", network: "lan" }],
                readiness: { stage: "multi-user", timeout: 20 },
              },
              systemd: { services: { slow: {
                wantedBy: ["multi-user.target"], serviceConfig: { Type: "oneshot" }, script: "sleep 3600",
              } } },`,
  "web: {": "web: { restartIfUnresponsive: 15,",
  'id: "vm-web", network: "lan" }] },': 'id: "vm-web", network: "lan" }], shutdown: { timeout: 8 } },',
};

/** Declares the tests: two guests on a host that has none yet. */
export function testGuests(host: Host): void {
  const sh = (script: string) => host.ok(["sh", "-euc", script]);
  const unit = (name: string) => `microvm@${name}.service`;
  const inside = (name: string, ...command: string[]) => host.ok(["microvm", "exec", name, "--", ...command]);
  /** Switches; what went wrong stands in the journal. */
  const switched = async () => {
    const { code, stdout, stderr } = await host.microvm(["switch", "--yes", "--quiet"]);
    if (code === 0) return stdout;
    throw new Error(`${stdout}${stderr}${await sh("journalctl -b -o short-monotonic | tail -150")}`);
  };

  test("a switch waits until they are up, a unit that never ends or not, with the addresses that it told", async (t) => {
    const directory = exampleCopy("internal-network", CHANGES);
    const built = await microvm(["build", "--all", "--quiet", directory]);
    assert.equal(built.code, 0, built.stderr);
    // Locks the network's programs, and makes them.
    await builtNetwork(directory);
    for (const name of ["microvm.config.ts", "microvm.lock"]) {
      await host.write(`/etc/microvm/${name}`, readTextIfExists(join(directory, name))!);
    }
    const began = Date.now();
    const plan = await switched();
    t.diagnostic(`two guests up after ${((Date.now() - began) / 1000).toFixed(1)} s`);
    assert.match(plan, /^ {2}address {2}lan: db 10\.77\.0\.10 \(db\.lan\.internal\)$/m);
    const address = /^ {2}address {2}lan: web (10\.77\.0\.\d+) \(web\.lan\.internal\)$/m.exec(plan)?.[1];
    assert.ok(address !== undefined, plan);
    await assertSettled(host);
    // The agent answers, so the unit was not active before the guest was up.
    await host.until(["sh", "-c", `microvm exec web -- cat /proc/net/fib_trie | grep -qw ${address}`], 60);
    const [status] = JSON.parse((await host.microvm(["status", "web", "--json"])).stdout);
    assert.deepEqual(
      status.addresses.map((one: { address: string }) => one.address),
      [address],
    );
    assert.equal(await show(host, unit("web"), "StatusText"), "Up");
    assert.match(await show(host, unit("db"), "StatusText"), /^Up, but not at multi-user within 20 seconds$/);
    assert.notEqual((await host.run(["microvm", "exec", "db", "--", "false"])).code, 0);
  });

  test("reach each other by name, and are reached at the host's port", async () => {
    const curl = "curl --silent --fail --retry 20 --retry-all-errors --retry-delay 1";
    assert.equal(await inside("web", "sh", "-c", `${curl} http://db.lan.internal/`), "the database");
    assert.match(await inside("web", "sh", "-c", "getent ahostsv4 db | head -1"), /^10\.77\.0\.10 /);
    assert.match(await inside("web", "getent", "hosts", "host.lan.internal"), /^10\.77\.0\.1 /);
    assert.equal(await inside("web", "systemctl", "is-system-running", "--wait"), "running");
    const fetched =
      'fetch("http://127.0.0.1:8080").then((r) => r.text()).then((t) => process.exit(t.trim() === "the database" ? 0 : 1))';
    await host.until(["node", "-e", fetched], 30);
  });

  test("show their console, and nobody but root and the VM's user gets to their sockets", async () => {
    const { stdout } = await host.run(["timeout", "5", "microvm", "console", "web"]);
    assert.match(stdout, /login|systemd|Linux|Debian/, stdout);
    await host.ok(["useradd", "alice"]);
    const script = `cd ${STATE}/web && ls`;
    for (const user of ["alice", "microvm-db"]) {
      const as = ["setpriv", `--reuid=${user}`, `--regid=${user}`, "--clear-groups", "sh", "-c", script];
      assert.notEqual((await host.run(as)).code, 0, user);
    }
  });

  test("are gone when they are stopped, with all that was there for them", async (t) => {
    const began = Date.now();
    await host.ok(["systemctl", "stop", unit("db")]);
    const seconds = (Date.now() - began) / 1000;
    t.diagnostic(`stopped after ${seconds.toFixed(1)} s`);
    // The guest obeyed, and nothing waited for what comes after it: one that does not is ended after 30 seconds.
    assert.ok(seconds < 30, String(seconds));
    // What was there for it stops after it, and nobody waits for that.
    const rest = [
      "ps -eo args | grep -E 'microvm@d[b] |db-virtiof[s]'",
      "ls /sys/class/net | grep vm-db",
      `ls ${STATE}/db | grep booted`,
      "pgrep -u microvm-db",
    ];
    await host.until(["sh", "-c", rest.map((command) => `! { ${command}; }`).join(" && ")], 10);
    assert.equal(await show(host, "microvm-virtiofsd@db.service", "ActiveState"), "inactive");
    assert.equal(await show(host, unit("db"), "Result"), "success");
  });

  test("are started anew when they have been silent for too long", async (t) => {
    const before = await show(host, unit("web"), "MainPID");
    await host.ok(["kill", "-STOP", before]);
    const began = Date.now();
    await host.until(
      [
        "sh",
        "-c",
        `pid=$(systemctl show -P MainPID ${unit("web")}); [ "$pid" != 0 ] && [ "$pid" != ${before} ]`,
      ],
      100,
    );
    t.diagnostic(`another hypervisor after ${((Date.now() - began) / 1000).toFixed(1)} s`);
    assert.match(
      await sh("journalctl -b -o cat -u microvm-alive@web.service"),
      /no answer for 15 seconds: restarting/,
    );
  });

  test("leave nothing of their network when it is no longer declared", async () => {
    await host.write(
      "/etc/microvm/microvm.config.ts",
      'import { defineProject } from "microvm";\nexport default defineProject({ hosts: { default: { microvm: { vms: {} } } } });\n',
    );
    assert.match(await switched(), /^ {2}orphan {3}web {2}stops; no longer declared/m);
    await assertSettled(host);
    const left =
      "ip -brief link show; nft list tables; ls -A /run; ls -A /run/microvm-networks; ls /etc/systemd/network; ls -R /etc/systemd/system";
    assert.doesNotMatch(
      await sh(`(${left}) 2>/dev/null || :`),
      /mv-lan|microvm-lan|network-lan|vm-web|vm-db|\blan\b/,
    );
    assert.equal(await sh("cat /proc/sys/net/ipv4/ip_forward"), "0");
    assert.equal(await sh("ps -eo args | grep -E '[v]irtiofsd|[d]nsmasq|[q]emu-system' || :"), "");
  });
}
