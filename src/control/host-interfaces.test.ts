import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { temporaryDirectory } from "../os/testing/temporary-directory.ts";
import { setUpInterfaces } from "./host-interfaces.ts";

/** A runner with these scripts and files. */
function runner(t: TestContext, files: Readonly<Record<string, string>>): string {
  const directory = temporaryDirectory(t);
  for (const name of ["bin", "share/microvm"]) mkdirSync(join(directory, name), { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(directory, name), text);
    chmodSync(join(directory, name), 0o755);
  }
  return directory;
}

const script = (line: string) => `#!/bin/sh\ncd "$(dirname "$0")"\n${line}\n`;

test("a runner without interfaces needs nothing", async (t) => {
  await (await setUpInterfaces(runner(t, {})))();
});

test("what is set up is removed at the end, devices first", async (t) => {
  const directory = runner(t, {
    "bin/pci-setup": script("echo pci >>done"),
    "bin/tap-up": script("echo up >>done"),
    "bin/tap-down": script("rm done"),
  });
  const tearDown = await setUpInterfaces(directory);
  assert.ok(existsSync(join(directory, "bin/done")));
  await tearDown();
  assert.ok(!existsSync(join(directory, "bin/done")));
});

test("a script that fails is heard, and what others made is removed", async (t) => {
  const directory = runner(t, {
    "bin/tap-up": script("touch made"),
    "bin/tap-down": script("rm made"),
    "bin/macvtap-up": script('echo "macvtap-up: no such link" >&2; exit 1'),
  });
  await assert.rejects(setUpInterfaces(directory), {
    code: "guest-failed",
    message: "The host is not ready for the VM: macvtap-up: no such link",
  });
  assert.ok(!existsSync(join(directory, "bin/made")));
});

test("a user who is not root is told which interfaces are missing, and uses those that are there", async (t) => {
  process.env.MICROVM_USER_NAMESPACE = "1000";
  t.after(() => delete process.env.MICROVM_USER_NAMESPACE);
  const directory = runner(t, {
    "bin/tap-up": script("exit 1"),
    "share/microvm/tap-interfaces": "vm-none\nlo\n",
    "share/microvm/macvtap-interfaces": "vm-m 02:00:00:00:00:01 eth0 bridge\n",
  });
  await assert.rejects(setUpInterfaces(directory), {
    code: "permission-denied",
    message:
      'The VM needs interfaces of the host that are not there, and only root can make them: "vm-none", "vm-m"',
    hint: `Run it as root; or let root run "MICROVM_USER=YOU ${directory}/bin/tap-up" before; or give the guest an interface of the type "user"`,
  });
  writeFileSync(join(directory, "share/microvm/tap-interfaces"), "lo\n");
  writeFileSync(join(directory, "share/microvm/macvtap-interfaces"), "");
  await (await setUpInterfaces(directory))();
});
