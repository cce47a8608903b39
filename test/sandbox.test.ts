/** What a package's script can do while a layer is built: change the layer, and nothing else. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { runInSandbox } from "../src/guest/sandbox.ts";
import { guestProject, microvm, needsRoot, STORE_SHARE, temporaryDirectory } from "./support.ts";

/** Each line tells what succeeded that must not. */
const PROBES = `#!/bin/sh
cd /
exec 2>/dev/null
{
  echo x >/proc/sys/kernel/core_pattern && echo core_pattern
  echo b >/proc/sysrq-trigger && echo sysrq
  mknod /tmp/disk b 254 0 && echo mknod
  mount -t tmpfs tmpfs /mnt && echo mount
  chroot / true && echo chroot
  true </dev/tty && echo tty
  [ -e "$(cat /tmp/job/secret)" ] && echo host-file
  [ -d /sys/kernel ] && echo sysfs
  [ "$(ls -d /proc/[0-9]* | wc -l)" -lt 8 ] || echo processes
  [ "$(tail -n +3 /proc/net/dev | grep -vc ' lo:')" = 0 ] || echo network
  hostname of-the-host && echo hostname
} >/succeeded
echo changed >/etc/changed
chown 1:1 /etc/changed
`;

test("a package's script reaches the layer and nothing of the host", { skip: needsRoot }, async () => {
  const built = await microvm(["build", guestProject(`microvm: { ${STORE_SHARE} }`)]);
  assert.equal(built.code, 0, built.stderr);
  const system = JSON.parse(
    readFileSync(join(built.stdout.trim(), "share/microvm/system/system.json"), "utf8"),
  );
  const base = system.layers.find((layer: string) => layer.endsWith("-base"));
  const directory = temporaryDirectory();
  const [upper, scratch] = ["upper", "scratch"].map((name) => join(directory, name)) as [string, string];
  for (const path of [upper, scratch]) mkdirSync(path);
  const pattern = readFileSync("/proc/sys/kernel/core_pattern", "utf8");

  await runInSandbox({
    lowers: [join(dirname(built.stdout.trim()), base)],
    upper,
    scratch,
    job: { run: PROBES, secret: import.meta.filename },
    signal: AbortSignal.timeout(30_000),
    onOutput: () => {},
  });

  assert.equal(readFileSync(join(upper, "succeeded"), "utf8"), "");
  assert.equal(readFileSync(join(upper, "etc/changed"), "utf8"), "changed\n");
  assert.equal(readFileSync("/proc/sys/kernel/core_pattern", "utf8"), pattern);
  assert.ok(!existsSync("/etc/changed"));
});
