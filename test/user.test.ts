/** The whole of it without root: a user with subordinate ids builds and runs a VM. */
import assert from "node:assert/strict";
import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { run } from "../src/os/processes.ts";
import { guestProject, microvmBelow, needsRoot, STORE_SHARE, temporaryDirectory } from "./support.ts";

const skip =
  needsRoot || (existsSync("/usr/bin/newuidmap") ? false : "needs newuidmap, of the package uidmap");

/** A user who exists in a mount namespace only; the machine's own accounts stay as they are. */
const AS_USER = `
  for file in passwd group subuid subgid; do
    [ -e "/etc/$file" ] || : >"/etc/$file"
    mount --bind "$0/$file" "/etc/$file"
  done
  exec setpriv --reuid 61234 --regid 61234 --clear-groups "$@"`;

test("a user who is not root builds and runs a VM, and its files belong to the guest's users", {
  skip,
}, async () => {
  const accounts = temporaryDirectory();
  for (const name of ["passwd", "group"]) copyFileSync(`/etc/${name}`, join(accounts, name));
  const add = (name: string, line: string) =>
    writeFileSync(
      join(accounts, name),
      `${existsSync(join(accounts, name)) ? readFileSync(join(accounts, name), "utf8") : ""}${line}\n`,
    );
  add("passwd", "tester:x:61234:61234::/nonexistent:/bin/sh");
  add("group", "tester:x:61234:");
  add("subuid", "tester:700000:65536");
  add("subgid", "tester:700000:65536");
  const project = guestProject(
    `microvm: { vcpu: 2, ${STORE_SHARE} }, environment: { packages: ["fping"] }, systemd: { services: { idle: { script: "true" } } }`,
  );
  const home = temporaryDirectory();
  await run(["chown", "-R", "61234:61234", project, home]);
  const changes = { HOME: home, MICROVM_STORE: join(home, "store"), MICROVM_STATE_DIR: join(home, "state") };
  const { stdout, stderr, code } = await microvmBelow(
    ["unshare", "--mount", "sh", "-c", AS_USER, accounts],
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
  const refused = await microvmBelow(
    ["unshare", "--mount", "sh", "-c", AS_USER, accounts],
    ["build", project],
    changes,
  );
  assert.equal(refused.code, 1);
  assert.match(
    refused.stderr,
    /^error: "tester" has no subordinate ids in "\/etc\/subuid", which a guest's files are owned by\nhint: As root, install "uidmap"/,
  );
});
