/** The example of one service in a VM with as little around it as possible, asked from the host. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { exampleCopy, freePort, startMicrovm } from "./support.ts";

/** As systemd-analyze counts, from 0 to 10; what it calls "OK" ends below 5, Debian's own services have about 9. */
const MOST_EXPOSURE = 1.0;

/** Runs until the host has asked as often as wanted; then says what the service may, and what else is there. */
const script = (wanted: number) => `
  systemctl is-system-running --wait
  echo ready
  visits=/var/lib/private/counter/visits
  number=0
  until [ "$number" -ge ${wanted} ]; do sleep 1; [ ! -s $visits ] || read -r number <$visits; done
  systemd-analyze security --no-pager --threshold=${MOST_EXPOSURE * 10} counter@x.service >/run/exposure
  echo "exposed beyond what is wanted: $?"
  tail -n 1 /run/exposure
  touch /usr/bin/x 2>&1 | grep -o 'Read-only file system'
  echo "ways to log in: $(readlink /proc/[0-9]*/exe | grep -cE 'getty|sshd|login')"
  systemctl show -p MemoryMax -p NoNewPrivileges counter@x.service
  stat -c %a /var/lib/private /var/lib/private/counter
  findmnt -n -o FSTYPE /var/lib/private
  echo "ports: $(nft list ruleset | grep -o 'dport [^a-z]*')"
  echo "set-user-id: $(find / -xdev -type f -perm /6000 2>/dev/null | wc -l) of $(find /usr/bin/su /usr/bin/mount | wc -l)"
  echo "failed: $(systemctl --failed --no-legend | wc -l)"`;

const port = await freePort();
// One processor costs less where both would be emulated.
const example = exampleCopy("hardened-service", { "port: 8081": `port: ${port}`, "vcpu: 2": "vcpu: 1" });

/** The service's answer, as soon as it listens: so many seconds may pass. */
async function ask(seconds = 10): Promise<string> {
  for (let tries = 1; ; tries++) {
    try {
      return await (await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(20_000) })).text();
    } catch (error) {
      if (tries > 2 * seconds) throw error;
      await delay(500);
    }
  }
}

test("the service answers, may next to nothing, and is all that there is", async () => {
  const vm = startMicrovm(["run", example, "--exec", script(2)]);
  await vm.until(/^ready$/m);
  assert.equal(await ask(), "visit 1\n");
  assert.equal(await ask(), "visit 2\n");
  assert.equal(await vm.exited, 0, vm.output());
  const said = vm.output();
  assert.match(said, /^running\nready\n/m);
  assert.match(said, /^exposed beyond what is wanted: 0$/m, said);
  assert.match(said, /^Read-only file system$/m);
  assert.match(said, /^ways to log in: 0$/m);
  assert.match(said, /^MemoryMax=16777216$/m);
  assert.match(said, /^NoNewPrivileges=yes$/m);
  assert.match(said, /^700\n700\next4$/m);
  assert.match(said, /^ports: dport (?:\{ )?8000[ }]*$/m);
  assert.match(said, /^set-user-id: 0 of 2$/m);
  assert.match(said, /^failed: 0$/m);
});

test("its state lasts, on the volume, and SIGTERM powers the guest off", async () => {
  const vm = startMicrovm(["run", example]);
  // A question that came too early may have been counted.
  assert.match(await ask(120), /^visit [3-9]\n$/);
  // A guest that is still starting is ended unasked.
  await vm.until(/microvm-stage-multi-user/);
  vm.child.kill("SIGTERM");
  assert.equal(await vm.exited, 128 + 15);
  assert.match(vm.output(), /reboot: Power down/);
});
