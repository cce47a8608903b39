/** The example of one service in a VM with as little around it as possible, asked from the host. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { exampleCopy, freePort, startMicrovm } from "./support.ts";

/** As systemd-analyze counts, from 0 to 10; what it calls "OK" ends below 5, Debian's own services have about 9. */
const MOST_EXPOSURE = 1.0;

/** Runs until the host has asked twice; then says what the service may, and what else is there. */
const SCRIPT = `
  systemctl is-system-running --wait
  echo ready
  until [ "$(cat /var/lib/private/counter/visits 2>/dev/null)" -ge "$WANTED" ] 2>/dev/null; do sleep 0.2; done
  systemd-analyze security --no-pager --threshold=${MOST_EXPOSURE * 10} 'counter@x.service' | tail -n 1
  echo "passed $?"
  touch /usr/bin/x 2>&1 | grep -o 'Read-only file system'
  pgrep -c 'getty|sshd|bash'
  ls -d /proc/[0-9]*/exe | xargs -n 1 readlink | grep -cE 'getty|sshd|login'
  systemctl show --value -p MemoryMax -p User -p NoNewPrivileges 'counter@x.service' | tr '\\n' ' '
  stat -c %a /var/lib/private /var/lib/private/counter
  nft list ruleset | grep -c 'dport 8000'
  systemctl --failed --no-legend | wc -l`;

const example = exampleCopy("hardened-service");
let port = 0;

before(async () => {
  port = await freePort();
  const file = join(example, "microvm.config.ts");
  writeFileSync(file, readFileSync(file, "utf8").replace("port: 8081", `port: ${port}`));
});

const ask = async () => (await fetch(`http://127.0.0.1:${port}/`)).text();

test("the service answers, may next to nothing, and is all that there is", async () => {
  const vm = startMicrovm(["run", example, "--exec", `WANTED=2; ${SCRIPT}`]);
  await vm.until(/^ready$/m);
  assert.equal(await ask(), "visit 1\n");
  assert.equal(await ask(), "visit 2\n");
  assert.equal(await vm.exited, 0, vm.output());
  console.log(vm.output());
});

test("its state lasts, on the volume", async () => {
  const vm = startMicrovm(["run", example, "--exec", `WANTED=3; ${SCRIPT}`]);
  await vm.until(/^ready$/m);
  assert.equal(await ask(), "visit 3\n");
  assert.equal(await vm.exited, 0, vm.output());
});
