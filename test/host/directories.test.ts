/** A host whose VMs lie elsewhere: on another file system than the store, on a full one, and on one that cannot be written to. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { needsHosts, startHost } from "./container.ts";
import { deliver, hostProject, sleeper } from "./projects.ts";
import { failure, isActive, switched } from "./state.ts";

test("the state directory may be on a file system of its own, if that has space and can be written to", {
  skip: needsHosts,
}, async () => {
  const host = await startHost();
  await host.ok(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", "/srv"]);
  const declared = (version: string) =>
    hostProject(`{ stateDir: "/srv/my vms", vms: { web: { pkgs, config: ${sleeper(version)} } } }`);
  await deliver(host, declared("1"));
  await switched(host);
  assert.ok(await isActive(host, "web"));
  assert.match(await host.ok(["readlink", "-f", "/srv/my vms/web/booted"]), /-microvm-qemu-web$/);
  // Every command finds it from now on.
  assert.match(await host.ok(["microvm", "generations"]), /^1\t.*\tcurrent$/);

  // A full disk stops a change before it begins.
  const runner = await host.ok(["readlink", "/srv/my vms/web/booted"]);
  await deliver(host, declared("2"));
  await host.run(["dd", "if=/dev/zero", "of=/srv/full"]);
  assert.match(
    await failure(host),
    /^error: Cannot write below "\/srv\/my vms": no space left \(.*\)\nhint: Free some space there: /m,
  );
  assert.match(await host.ok(["microvm", "generations"]), /^1\t[^\n]*\tcurrent$/);
  assert.equal(await host.ok(["readlink", "/srv/my vms/web/booted"]), runner);
  assert.ok(await isActive(host, "web"));
  await host.ok(["rm", "/srv/full"]);
  await switched(host);
  assert.notEqual(await host.ok(["readlink", "/srv/my vms/web/booted"]), runner);
  assert.equal(
    await host.ok([
      "find",
      "/srv/my vms",
      "-name",
      "*.tmp",
      "-o",
      "-name",
      "*.new",
      "-o",
      "-name",
      "pending",
    ]),
    "",
  );
  await host.ok(["microvm", "rollback", "1"]);
  await host.ok(["systemctl", "stop", "microvm@web.service"]);
  await host.until(["sh", "-c", "[ ! -h '/srv/my vms/web/booted' ]"]);

  await host.ok(["mount", "-o", "remount,ro", "/srv"]);
  assert.match(
    await failure(host),
    /^error: Cannot write to the state directory "\/srv\/my vms": .*\nhint: /m,
  );
});
