/** `microvm switch` on a systemd host: what a person sees of declared and deployed VMs, generations, and faults. */
import assert from "node:assert/strict";
import { basename } from "node:path";
import { describe, test } from "node:test";
import { type Host, needsHosts, startHost } from "./container.ts";
import { deliver, hostProject, sleeper } from "./projects.ts";
import { assertSettled, failure, isActive, link, STATE, show, switched } from "./state.ts";

describe("a host", { skip: needsHosts }, async () => {
  const host = needsHosts === false ? await startHost() : (undefined as unknown as Host);
  const limits = "limits: { memory: 600, cpu: 50, tasks: 100, ioWeight: 50 }";
  const web = (version: string) => `web: { pkgs, config: ${sleeper(version)}, ${limits} }`;
  const lazy = (version: string) =>
    `"lazy-one": { pkgs, config: ${sleeper(version)}, restartIfChanged: false }`;

  test("creates its VMs, each with a user and a slice of its own", async () => {
    await deliver(host, hostProject(`{ vms: { ${web("1")}, ${lazy("1")} } }`));
    const dry = await host.microvm(["switch", "--dry-run"]);
    assert.equal(dry.code, 3, dry.stderr);
    assert.match(dry.stdout, /^ {2}create {3}lazy-one {2}starts; new/m);
    assert.match(await switched(host), /generation 1 is in force$/);
    await assertSettled(host);

    assert.ok(await isActive(host, "web"));
    assert.equal(await show(host, "microvm@web", "User"), "microvm-web");
    assert.equal(await show(host, "microvm@web", "Slice"), "microvm-web.slice");
    assert.equal(await show(host, "microvm@lazy-one", "Slice"), "microvm-lazy\\x2done.slice");
    const processes = await host.ok(["ps", "-o", "user:30=", "-C", "sleep"]);
    assert.deepEqual(processes.split("\n").sort(), ["microvm-lazy-one", "microvm-web"]);
    assert.equal(await show(host, "microvm-web.slice", "MemoryMax"), String(600 * 1024 * 1024));
    assert.equal(await show(host, "microvm-web.slice", "CPUQuotaPerSecUSec"), "500ms");
    assert.equal(await show(host, "microvm-web.slice", "TasksMax"), "100");
    assert.equal(await link(host, "web/booted"), await link(host, "web/current"));
    assert.match(await link(host, "web/toplevel"), /-microvm-system-web$/);
  });

  test("keeps a VM from what it has no business with", async () => {
    const exposure = await host.ok(["systemd-analyze", "security", "--no-pager", "microvm@web.service"]);
    const figure = Number(/exposure level for \S+: ([\d.]+)/.exec(exposure)?.[1]);
    // Of it 0.2 is that the runner's own script tells systemd that the guest is up (NotifyAccess=all).
    assert.ok(figure <= 2, `exposure ${figure}`);
    // The VM's user may make files in its directory, and remove none of root's.
    const as = (script: string) =>
      host.run([
        "setpriv",
        "--reuid=microvm-web",
        "--regid=microvm-web",
        "--clear-groups",
        "sh",
        "-c",
        script,
      ]);
    assert.equal((await as(`touch ${STATE}/web/data.img`)).code, 0);
    for (const script of [
      `rm ${STATE}/web/current`,
      `ln -sfn /tmp ${STATE}/web/current`,
      `touch ${STATE}/lazy-one/file`,
      "ls /var/lib/microvm/store",
      `ls ${STATE}/web/current/bin`,
    ]) {
      assert.notEqual((await as(script)).code, 0, script);
    }
  });

  test("starts a VM again whose hypervisor or virtiofsd died", async () => {
    for (const unit of ["microvm@web.service", "microvm-virtiofsd@web.service"]) {
      const before = await show(host, "microvm@web.service", "MainPID");
      await host.ok(["systemctl", "kill", "--signal=KILL", unit]);
      const since = `[ "$(systemctl show --value --property=MainPID microvm@web.service)" != ${before} ]`;
      await host.until([
        "sh",
        "-c",
        `${since} && systemctl is-active --quiet microvm@web microvm-virtiofsd@web`,
      ]);
    }
    assert.equal(await link(host, "web/booted"), await link(host, "web/current"));
    const began = Date.now();
    await host.ok(["systemctl", "restart", "microvm@web.service"]);
    assert.ok(Date.now() - began < 3000);
  });

  test("rebuilds what changed and restarts it, unless it is told to leave it", async () => {
    const before = await link(host, "web/current");
    const lazyBefore = await link(host, "lazy-one/booted");
    await deliver(host, hostProject(`{ vms: { ${web("2")}, ${lazy("2")} } }`));
    const text = await switched(host);
    assert.match(text, /^ {2}rebuild {2}web {7}restarts; its configuration changed/m);
    assert.match(text, /^ {2}rebuild {2}lazy-one {2}its configuration changed; runs on as it is/m);
    await assertSettled(host);
    assert.notEqual(await link(host, "web/current"), before);
    assert.equal(await link(host, "web/old"), before);
    assert.equal(await link(host, "web/booted"), await link(host, "web/current"));
    assert.equal(await link(host, "lazy-one/booted"), lazyBefore);
  });

  test("rolls back, and boots the generation that is in force", async () => {
    const second = await link(host, "web/current");
    await host.ok(["microvm", "rollback"]);
    const first = await link(host, "web/current");
    assert.notEqual(first, second);
    assert.equal(await link(host, "web/booted"), first);
    assert.match(await host.ok(["microvm", "generations"]), /^1\t.*\tcurrent\n2\t\S+\t\S+$/);
    const missing = await host.microvm(["rollback", "7"]);
    assert.match(
      missing.stderr,
      /^error: There is no generation with the number 7\nhint: The generations are 1, 2;/,
    );

    // A collection leaves what any of them needs.
    const gc = JSON.parse(await host.ok(["microvm", "gc", "--dry-run", "--drop-inputs", "--json"]));
    const hosts = [await link(host, ".generations/1"), await link(host, ".generations/2")];
    for (const path of [...hosts, first, second]) assert.ok(!gc.removed.includes(basename(path)), path);

    // Installed again at boot by the unit alone, links that are gone as well.
    await host.ok(["rm", `${STATE}/web/current`, `${STATE}/web/toplevel`]);
    await host.reboot();
    await host.until(["systemctl", "is-active", "--quiet", "microvm@web.service"]);
    assert.equal(await link(host, "web/booted"), first);
    assert.equal(await host.ok(["systemctl", "is-system-running"]), "running");
    await host.ok(["microvm", "rollback", "2"]);
    assert.equal(await link(host, "web/booted"), second);
    await assertSettled(host);
  });

  test("keeps a change by hand of a unit as a drop-in", async () => {
    await host.ok(["sed", "-i", "s/^RestartSec=5/RestartSec=7/", "/etc/systemd/system/microvm@.service"]);
    const text = await switched(host);
    const dropIn = "microvm@.service.d/60-kept-by-microvm.conf";
    assert.match(text, new RegExp(`changed by hand: "microvm@.service"; the change is kept in "${dropIn}"`));
    assert.equal(await show(host, "microvm@web", "RestartUSec"), "7s");
    await host.ok(["grep", "-qx", "RestartSec=5", "/etc/systemd/system/microvm@.service"]);
    await assertSettled(host);
    await host.ok(["rm", `/etc/systemd/system/${dropIn}`]);
  });

  test("leaves a unit of somebody else alone, and everything with it", async () => {
    await deliver(
      host,
      hostProject(`{ vms: { ${web("2")}, ${lazy("2")}, other: { pkgs, config: ${sleeper("1")} } } }`),
    );
    const unit = "/etc/systemd/system/install-microvm-other.service";
    await host.write(unit, "[Service]\nExecStart=/bin/true\n");
    assert.match(await failure(host), new RegExp(`^error: "${unit}" is there and was not made by microvm\n`));
    assert.equal(await host.ok(["cat", unit]), "[Service]\nExecStart=/bin/true");
    await host.ok(["rm", unit]);
  });

  test("mends a directory that was half deleted, and one whose runner is gone", async () => {
    await deliver(host, hostProject(`{ vms: { ${web("2")}, ${lazy("2")} } }`));
    await host.ok(["rm", `${STATE}/web/current`]);
    await host.ok(["ln", "-sfn", "/var/lib/microvm/store/gone", `${STATE}/lazy-one/current`]);
    const text = await switched(host);
    assert.match(text, /create {3}web .*its directory has no runner; volumes in it stay/);
    assert.match(text, /create {3}lazy-one .*the runner of "lazy-one" is gone from the store/);
    await assertSettled(host);
    assert.equal((await host.run(["test", "-e", `${STATE}/web/data.img`])).code, 0);
  });

  test("stops a VM that is no longer declared, and keeps it on the disk", async () => {
    await deliver(host, hostProject(`{ vms: { ${web("2")} } }`));
    assert.match(
      await switched(host),
      /^ {2}orphan {3}lazy-one {2}stops; no longer declared, kept on the disk/m,
    );
    assert.ok(!(await isActive(host, "lazy-one")));
    assert.match(await link(host, "lazy-one/current"), /-microvm-qemu-lazy-one$/);
    await assertSettled(host);
    assert.match((await host.microvm(["switch", "--dry-run"])).stdout, /orphan {3}lazy-one {2}not declared/);
  });

  test("installs a deployed VM once, and one without updateFlake each time", async () => {
    const flakes = `once: { flake: self, updateFlake: self, autostart: false }, always: { flake: self, autostart: false }`;
    const nic = 'interfaces: [{ type: "user", id: "net0", mac: "02:00:00:00:00:07" }],';
    const definitions = (version: string, also = "") =>
      `{ once: { pkgs, config: ${sleeper(version, nic)} }, always: { pkgs, config: ${sleeper(version, also)} } }`;
    await deliver(host, hostProject(`{ vms: { ${web("2")}, ${flakes} } }`, definitions("1")));
    await switched(host);
    await assertSettled(host);
    assert.equal(await host.ok(["cat", `${STATE}/once/flake`]), "path:/etc/microvm");
    assert.notEqual((await host.run(["test", "-e", `${STATE}/once/toplevel`])).code, 0);
    const [once, always] = [await link(host, "once/current"), await link(host, "always/current")];
    // What is installed counts as what is declared does, though nobody looks into its project.
    await deliver(host, hostProject(`{ vms: { ${web("2")}, ${flakes} } }`, definitions("2", nic)));
    assert.match(
      await failure(host),
      /"always" and "once" of one host have the hardware address "02:00:00:00:00:07"/,
    );
    await deliver(host, hostProject(`{ vms: { ${web("2")}, ${flakes} } }`, definitions("2")));
    const text = await switched(host);
    assert.match(text, /^ {2}rebuild {2}always +its configuration changed/m);
    assert.match(text, /^ {2}keep {5}once +deployed, and updated by itself/m);
    assert.equal(await link(host, "once/current"), once);
    assert.notEqual(await link(host, "always/current"), always);
    await host.ok(["rm", "-r", `${STATE}/once`]);
    assert.match(await switched(host), /^ {2}create {3}once +new/m);
    assert.notEqual(await link(host, "once/current"), once);
    await assertSettled(host);
  });

  test("lets one command change it at a time", async () => {
    await host.write("/run/held", "");
    const lock = `${STATE}/.generations/lock`;
    const holder = host.run(["flock", lock, "sh", "-c", "while [ -e /run/held ]; do sleep 0.1; done"]);
    await host.until(["sh", "-c", `! flock -n ${lock} true`]);
    assert.match(await failure(host, "--no-wait"), /^error: Another command is changing this host\n/);
    const second = host.microvm(["switch", "--yes"]);
    await host.until(["sh", "-c", '[ "$(pgrep -cx flock)" = 2 ]']);
    await host.ok(["rm", "/run/held"]);
    assert.equal((await holder).code, 0);
    const { code, stderr } = await second;
    assert.equal(code, 0);
    assert.match(stderr, /waiting for another command that changes this host/);
  });
});
