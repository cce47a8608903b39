/** The host of an ordinary user: the same with that user's own systemd and the XDG directories, and no root anywhere. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Host, needsHosts, startHost } from "./container.ts";
import { deliver, hostProject, sleeper } from "./projects.ts";

const STATE = "/home/alice/.local/state/microvm";

describe("a user's own host", { skip: needsHosts }, async () => {
  const host = needsHosts === false ? await startHost() : (undefined as unknown as Host);
  const as = (...command: string[]) => [
    ...["setpriv", "--reuid=alice", "--regid=alice", "--init-groups", "env"],
    ...["HOME=/home/alice", "USER=alice", "XDG_RUNTIME_DIR=/run/user/1000", "--chdir=/home/alice"],
    ...command,
  ];

  test("without a systemd of the user's there is an error that says what to do", async () => {
    await host.ok(["useradd", "--create-home", "--uid", "1000", "alice"]);
    await deliver(
      host,
      hostProject(`{ vms: { web: { pkgs, config: ${sleeper("1")} } } }`).replace(
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

  test("is switched, runs its VM as the user, and starts it again at boot", async () => {
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
    assert.match(await host.ok(as("microvm", "switch", "--yes", "--quiet")), /generation 1 is in force$/);
    await host.ok(
      as(
        "systemctl",
        "--user",
        "is-active",
        "--quiet",
        "microvm@web.service",
        "microvm-virtiofsd@web.service",
      ),
    );
    assert.equal(await host.ok(["ps", "-o", "user=", "-C", "sleep"]), "alice");
    assert.equal(
      await host.ok(as("readlink", `${STATE}/web/booted`)),
      await host.ok(as("readlink", `${STATE}/web/current`)),
    );
    assert.equal((await host.run(as("microvm", "switch", "--dry-run"))).code, 0);

    await host.reboot();
    await host.until(as("systemctl", "--user", "is-active", "--quiet", "microvm@web.service"));
    await host.ok(as("systemctl", "--user", "stop", "microvm@web.service"));
    await host.until(as("sh", "-c", `[ ! -h ${STATE}/web/booted ]`));
  });
});
