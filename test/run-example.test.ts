/** The README's first command: the example, from nothing but a mirror to a command's output. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { exampleCopy, microvm } from "./support.ts";

const example = exampleCopy();

const COMMAND = "cat /etc/os-release; systemctl is-system-running --wait; dpkg -l nginx";

test("the example boots, its declarations hold, it can be changed, and the exit status comes through", async () => {
  const script = `
    set -e
    ${COMMAND}
    hostname; hostname -f
    curl -s http://localhost/
    systemctl is-active ssh nginx systemd-networkd
    ssh-keyscan -T 5 localhost 2>/dev/null | grep -c ssh-ed25519
    dpkg --remove --force-depends jq >/dev/null && ! command -v jq && echo removed
    touch /usr/bin/of-our-own && echo writable
    touch /microvm/.ro-store/x 2>&1 | grep -o 'Read-only file system'
    cat /etc/machine-id | wc -c
    systemctl --failed --no-legend | wc -l
    echo complaint >&2
    exit 7`;
  const { stdout, stderr, code } = await microvm(["run", example, "--exec", script]);
  assert.equal(code, 7, `${stdout}\n${stderr}`);
  assert.match(stdout, /^VERSION_CODENAME=trixie$/m);
  assert.match(stdout, /^running$/m);
  assert.match(stdout, /^ii {2}nginx /m);
  assert.match(
    stdout,
    /^my-microvm\nmy-microvm\.example\.org\n<h1>Hello from my-microvm<\/h1>\nactive\nactive\nactive\n1\n/m,
  );
  assert.match(stdout, /removed\nwritable\nRead-only file system\n33\n0\n$/);
  assert.match(stderr, /^complaint$/m);
});

test("the lock pins what was resolved, and a second build resolves and fetches nothing", async () => {
  const lock = JSON.parse(readFileSync(join(example, "microvm.lock"), "utf8"));
  const [set] = Object.keys(lock.packageSets);
  assert.equal(set, "debian/trixie+updates+security/amd64/main");
  assert.match(lock.packageSets[set!].packages.nginx.sha256, /^[0-9a-f]{64}$/);
  const { stdout, stderr, code } = await microvm(["build", example]);
  assert.equal(code, 0);
  assert.equal(stderr, "");
  const runner = stdout.trim();
  for (const name of [
    "bin/microvm-run",
    "bin/virtiofsd-run",
    "bin/microvm-shutdown",
    "share/microvm/system/kernel",
  ]) {
    assert.ok(existsSync(join(runner, name)), name);
  }
});
