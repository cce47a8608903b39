/**
 * Real guests below the host's units: switches change one while it runs, and it is powered off by its unit; another comes
 * back when its hypervisor dies.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { STORE_SHARE } from "../support.ts";
import { needsHosts, startHost } from "./container.ts";
import { deliver, hostProject, imageVm } from "./projects.ts";
import { assertSettled, failure, isActive, link, STATE, show } from "./state.ts";

/** Seconds that the guest may take to come up. */
const BOOT_TIME = 300;

const config = (version: string, microvm = "") => `{
  microvm: {
    vcpu: 1,
    ${STORE_SHARE},
    volumes: [{ image: "data.img", size: 64, mountPoint: "/var/lib/data" }],
    ${microvm}
  },
  environment: { etc: { version: { text: ${JSON.stringify(version)} } } },
}`;
const guest = (version: string, microvm = "") =>
  `{ vms: { web: { pkgs, changeLive: true, config: ${config(version, microvm)} } } }`;
/** The same guest, deployed. */
const deployed = (version: string, microvm = "") =>
  hostProject(
    "{ vms: { web: { flake: self, changeLive: true } } }",
    `{ web: { pkgs, config: ${config(version, microvm)} } }`,
  );

test("a guest is changed while it runs and is powered off, and one comes back when it dies", {
  skip: needsHosts,
}, async (t) => {
  const host = await startHost();
  const version = () => host.ok(["microvm", "exec", "web", "--", "cat", "/etc/version"]);
  const pid = () => show(host, "microvm@web", "MainPID");
  const booted = async () => [await link(host, "web/booted"), await link(host, "web/current")];
  await deliver(host, hostProject(guest("1")));
  await host.ok(["microvm", "switch", "--yes", "--quiet"]);
  await host.until(["microvm", "exec", "web", "--", "true"], BOOT_TIME);
  assert.equal(await version(), "1");
  const first = await pid();
  assert.equal(await host.ok(["ps", "-o", "user:30=", "-p", first]), "microvm-web");
  assert.equal(await host.ok(["stat", "-c", "%U", `${STATE}/web/data.img`]), "microvm-web");

  const boot = await host.ok(["microvm", "analyze", "web", "--picture", "/root/boot.svg"]);
  assert.match(boot, /systemd-journald\.service/);
  assert.match(boot, /multi-user\.target/);
  const picture = await host.ok(["cat", "/root/boot.svg"]);
  assert.match(picture, /^<svg .*systemd-journald\.service.*<\/svg>$/s);

  await deliver(host, hostProject(guest("2")));
  const text = await host.ok(["microvm", "switch", "--yes"]);
  assert.match(text, /^ {2}rebuild {2}web {2}changes live; its configuration changed; without a reboot/m);
  assert.match(text, /generation 2 is in force$/);
  assert.equal(await version(), "2");
  const [runs, installed] = await booted();
  assert.equal(runs, installed);
  await assertSettled(host);

  await deliver(host, hostProject(guest("3", 'liveChange: { check: "echo not well; false" },')));
  assert.match(
    await failure(host),
    /"web" went back to its former configuration: microvm\.liveChange\.check failed: not well; generation 2 is in force again/,
  );
  assert.equal(await version(), "2");
  assert.deepEqual(await booted(), [runs, runs]);
  assert.equal(await host.ok(["readlink", `${STATE}/.generations/current`]), "2");

  await deliver(host, hostProject(guest("2", "mem: 640,")));
  const dry = await host.microvm(["switch", "--dry-run"]);
  assert.match(dry.stdout, /web {2}restarts; .*; needs a reboot for "microvm\.mem": 512 becomes 640/);

  await host.ok(["microvm", "rollback", "--quiet"]);
  assert.equal(await version(), "1");

  await deliver(host, deployed("1"));
  await host.ok(["microvm", "switch", "--yes", "--quiet"]);
  await deliver(host, deployed("4"));
  assert.match(
    await host.ok(["microvm", "update", "web", "--live", "--quiet"]),
    /^web: updated from .*web: no restart is needed$/s,
  );
  assert.equal(await version(), "4");
  const [updated, kept] = await booted();
  assert.equal(updated, kept);
  await deliver(host, deployed("5", "mem: 640,"));
  const refused = await host.microvm(["update", "web", "--live", "--quiet"]);
  assert.match(refused.stderr, /"web" cannot be changed while it runs: .*"microvm\.mem": 512 becomes 640/);
  assert.notEqual(refused.code, 0);
  assert.deepEqual(await booted(), [updated, updated]);
  assert.equal(await pid(), first);

  const began = Date.now();
  await host.ok(["systemctl", "stop", "microvm@web"]);
  t.diagnostic(`stopped after ${((Date.now() - began) / 1000).toFixed(1)} s`);
  assert.equal(await show(host, "microvm@web", "Result"), "success");
  // The journal takes lines with colours for binary.
  const journal = "journalctl --all --output=cat --unit=microvm@web.service";
  assert.match(await host.ok(["sh", "-c", journal]), /poweroff\.target|reboot: Power down/);
  await host.until(["sh", "-c", `[ ! -h ${STATE}/web/booted ]`]);
  assert.ok(!(await isActive(host, "web")));

  await deliver(host, hostProject(`{ vms: { box: ${imageVm("hello", "")} } }`));
  assert.match(await host.ok(["microvm", "switch", "--yes"]), /^ {2}orphan {3}web {2}.*no longer declared/m);
  const before = await show(host, "microvm@box", "MainPID");
  await host.ok(["systemctl", "kill", "--signal=KILL", "microvm@box"]);
  const isBack = `[ "$(systemctl show -P MainPID microvm@box)" != ${before} ] && systemctl is-active --quiet microvm@box`;
  await host.until(["sh", "-c", isBack], BOOT_TIME);
  assert.equal(await host.ok(["microvm", "exec", "box", "--", "hostname"]), "box");
});
