/** The container that hosts are tested in: what the other tests here rely on. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { needsHosts, startHost } from "./container.ts";

test("a host boots with systemd and the packed program, and keeps its files when it loses its power", {
  skip: needsHosts,
}, async () => {
  const host = await startHost();
  assert.equal(await host.ok(["systemctl", "is-system-running"]), "running");
  assert.match(await host.ok(["microvm", "--version"]), /^microvm \d/);
  assert.equal(await host.ok(["hostname"]), "testhost");
  await host.write("/etc/kept/file", "kept\n");
  await host.ok(["sync"]);
  const boot = await host.ok(["cat", "/proc/1/stat"]);

  await host.crash();
  assert.equal(await host.ok(["cat", "/etc/kept/file"]), "kept");
  await host.reboot();
  assert.equal(await host.ok(["systemctl", "is-system-running"]), "running");
  assert.notEqual(await host.ok(["cat", "/proc/1/stat"]), boot);
  assert.equal(await host.ok(["cat", "/etc/kept/file"]), "kept");
});
