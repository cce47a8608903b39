/** The whole of it without root: a user with subordinate ids builds and runs a VM. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { run } from "../src/os/processes.ts";
import { guestProject, microvmBelow, STORE_SHARE, temporaryDirectory } from "./support.ts";
import { temporaryUser, USER_ID, whyNoUser } from "./temporary-user.ts";

test("a user who is not root builds and runs a VM, and its files belong to the guest's users", {
  skip: whyNoUser,
}, async () => {
  const { accounts, command } = temporaryUser();
  const project = guestProject(
    `microvm: { vcpu: 1, ${STORE_SHARE} }, environment: { packages: ["fping"] }, systemd: { services: { idle: { script: "true" } } }`,
  );
  const home = temporaryDirectory();
  await run(["chown", "-R", `${USER_ID}:${USER_ID}`, project, home]);
  const changes = { HOME: home, MICROVM_STORE: join(home, "store"), MICROVM_STATE_DIR: join(home, "state") };
  const { stdout, stderr, code } = await microvmBelow(
    command,
    [
      "run",
      project,
      "--exec",
      "systemctl is-system-running --wait; stat -c '%U:%G %a' /etc/shadow /usr/bin/su; getcap /usr/bin/fping",
    ],
    changes,
  );
  assert.equal(code, 0, stderr);
  assert.equal(stdout, "running\nroot:shadow 640\nroot:root 4755\n/usr/bin/fping cap_net_raw=ep\n");

  // Without subordinate ids there is one sentence of what is missing and one of what to do.
  writeFileSync(join(accounts, "subuid"), "");
  const refused = await microvmBelow(command, ["build", project], changes);
  assert.equal(refused.code, 1);
  assert.match(
    refused.stderr,
    /^error: "tester" has no subordinate ids in "\/etc\/subuid", which a guest's files are owned by\nhint: As root, install "uidmap"/,
  );
});
