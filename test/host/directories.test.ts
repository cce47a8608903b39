/** A host whose VMs lie elsewhere: on another file system than the store, and on one that cannot be written to. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { needsHosts, startHost } from "./container.ts";
import { deliver, hostProject, sleeper } from "./projects.ts";
import { failure, isActive, switched } from "./state.ts";

test("the state directory may be on a file system of its own, if that can be written to", {
  skip: needsHosts,
}, async () => {
  const host = await startHost();
  await host.ok(["mount", "-t", "tmpfs", "tmpfs", "/srv"]);
  const text = hostProject(`{ stateDir: "/srv/my vms", vms: { web: { pkgs, config: ${sleeper("1")} } } }`);
  await deliver(host, text);
  await switched(host);
  assert.ok(await isActive(host, "web"));
  assert.match(await host.ok(["readlink", "-f", "/srv/my vms/web/booted"]), /-microvm-qemu-web$/);
  // Every command finds it from now on.
  assert.match(await host.ok(["microvm", "generations"]), /^1\t.*\tcurrent$/);
  await host.ok(["microvm", "rollback", "1"]);
  await host.ok(["systemctl", "stop", "microvm@web.service"]);
  await host.until(["sh", "-c", "[ ! -h '/srv/my vms/web/booted' ]"]);

  await host.ok(["mount", "-o", "remount,ro", "/srv"]);
  assert.match(
    await failure(host),
    /^error: Cannot write to the state directory "\/srv\/my vms": .*\nhint: /m,
  );
});
