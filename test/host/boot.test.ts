/** A real guest below the host's units: it boots as its own user, is powered off by its unit, and starts again when it dies. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { needsHosts, startHost } from "./container.ts";
import { deliver, hostProject } from "./projects.ts";
import { isActive, STATE, show, switched } from "./state.ts";

test("a guest boots, powers off and comes back below the host's units", { skip: needsHosts }, async () => {
  const host = await startHost();
  const share = `{ source: storeDir, mountPoint: "/microvm/.ro-store", tag: "ro-store", proto: "virtiofs" }`;
  const volume = `{ image: "data.img", size: 64, mountPoint: "/var/lib/data" }`;
  const config = `{ microvm: { mem: 384, vcpu: 1, shares: [${share}], volumes: [${volume}] } }`;
  await deliver(host, hostProject(`{ vms: { web: { pkgs, config: ${config} } } }`));
  await switched(host);
  // What getty prints before its prompt, which ends no line. The journal takes lines with colours for binary.
  const journal = "journalctl --all --output=cat --unit=microvm@web.service";
  const booted = (count: number) =>
    host.until(["sh", "-c", `[ "$(${journal} | grep -c 'web ttyS0')" -ge ${count} ]`], 150);
  await booted(1);
  const processes = await host.ok(["ps", "-o", "user:30=", "-p", await show(host, "microvm@web", "MainPID")]);
  assert.equal(processes, "microvm-web");
  assert.equal(await host.ok(["stat", "-c", "%U", `${STATE}/web/data.img`]), "microvm-web");

  await host.ok(["systemctl", "kill", "--signal=KILL", "microvm@web.service"]);
  await booted(2);
  // A unit that is still starting is ended without its guest being asked.
  await host.until(["systemctl", "is-active", "--quiet", "microvm@web.service"], 60);
  await host.ok(["systemctl", "stop", "microvm@web.service"]);
  assert.equal(await show(host, "microvm@web", "Result"), "success");
  assert.match(await host.ok(["sh", "-c", journal]), /poweroff\.target|reboot: Power down/);
  await host.until(["sh", "-c", `[ ! -h ${STATE}/web/booted ]`]);
  assert.ok(!(await isActive(host, "web")));
});
