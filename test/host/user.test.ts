/** The host of an ordinary user: the same with that user's own systemd and the XDG directories, and no root anywhere. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Host, needsHosts, startHost } from "./container.ts";
import { deliver, hostProject, imageVm } from "./projects.ts";

const STATE = "/home/alice/.local/state/microvm";

/** QEMU's own network leads to the guest: whoever comes to the host's port is greeted. */
const VM = imageVm(
  "hello",
  'interfaces: [{ type: "user", id: "net0" }], forwardPorts: [{ host: { port: 8080 }, guest: { port: 80 } }],',
);

describe("a user's own host", { skip: needsHosts }, async () => {
  const host = needsHosts === false ? await startHost() : (undefined as unknown as Host);
  const as = (...command: string[]) => [
    ...["setpriv", "--reuid=alice", "--regid=alice", "--init-groups", "env"],
    ...["HOME=/home/alice", "USER=alice", "XDG_RUNTIME_DIR=/run/user/1000", "--chdir=/home/alice"],
    ...command,
  ];
  const systemctl = (...command: string[]) => as("systemctl", "--user", ...command);

  test("without a systemd of the user's there is an error that says what to do", async () => {
    await host.ok(["useradd", "--create-home", "--uid", "1000", "alice"]);
    await deliver(
      host,
      hostProject(`{ vms: { web: ${VM} } }`).replace(
        'const storeDir = "/var/lib/microvm/store";',
        'const storeDir = "/home/alice/.local/share/microvm/store";',
      ),
      "/home/alice/.config/microvm",
    );
    await host.ok(["chown", "-R", "alice:alice", "/home/alice"]);
    const { code, stderr } = await host.run(as("microvm", "switch"));
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^error: There is no systemd of this user to talk to: .*\nhint: .*loginctl enable-linger/,
    );
  });

  test("is switched, and boots its guest as the user", async () => {
    // What `loginctl enable-linger` does, which needs a session.
    await host.ok(["sh", "-c", "mkdir -p /var/lib/systemd/linger && touch /var/lib/systemd/linger/alice"]);
    await host.ok(["systemctl", "start", "user@1000.service"]);
    // The packages come from root's store on the same machine: there is no network.
    const exported = `
      runner=$(microvm build --quiet /home/alice/.config/microvm)
      microvm store export --unsigned --output /run/stream "$runner"
      chmod 0644 /run/stream
    `;
    await host.ok(["sh", "-euc", exported]);
    await host.ok(as("microvm", "store", "import", "--allow-unsigned", "--input", "/run/stream"));
    // The guest boots: its unit is active when it is up.
    assert.match(await host.ok(as("microvm", "switch", "--yes", "--quiet")), /generation 1 is in force$/);
    await host.ok(systemctl("is-active", "--quiet", "microvm@web", "microvm-virtiofsd@web"));
    const pid = await host.ok(systemctl("show", "-P", "MainPID", "microvm@web"));
    assert.equal(await host.ok(["ps", "-o", "user=", "-p", pid]), "alice");
    assert.equal(
      await host.ok(as("readlink", `${STATE}/web/booted`)),
      await host.ok(as("readlink", `${STATE}/web/current`)),
    );
    assert.equal((await host.run(as("microvm", "switch", "--dry-run"))).code, 0);
  });

  test("reaches the guest: commands, status, a forwarded port", async () => {
    const inside = await host.ok(as("microvm", "exec", "web", "--", "sh", "-c", "id -un; hostname"));
    assert.equal(inside, "root\nweb");
    const [status] = JSON.parse(await host.ok(as("microvm", "status", "web", "--json")));
    assert.deepEqual([status.active, status.stage, status.answers], ["active", "Up", true]);
    await host.until(as("bash", "-c", '[ "$(cat </dev/tcp/127.0.0.1/8080)" = hello ]'), 20);
    // Nothing of the program's own stays beside a VM.
    const all = (await host.ok(["ps", "-U", "alice", "-o", "args="])).split("\n");
    const known = /qemu-system|virtiofsd|systemd|\(sd-pam\)|dbus-daemon/;
    assert.deepEqual(
      all.filter((line) => !known.test(line)),
      [],
    );
  });

  test("stops the guest, and starts it again when the machine boots", async (t) => {
    const began = Date.now();
    await host.ok(systemctl("stop", "microvm@web"));
    t.diagnostic(`stopped after ${((Date.now() - began) / 1000).toFixed(1)} s`);
    assert.equal(await host.ok(systemctl("show", "-P", "Result", "microvm@web")), "success");
    await host.until(as("sh", "-c", `[ ! -h ${STATE}/web/booted ]`));
    assert.equal(await host.ok(["sh", "-c", "ps -eo args | grep -E '[v]irtiofsd|[q]emu-system' || :"]), "");

    await host.reboot();
    await host.until(systemctl("is-active", "--quiet", "microvm@web"));
    assert.equal(await host.ok(as("microvm", "exec", "web", "--", "hostname")), "web");
  });
});
