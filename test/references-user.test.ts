/** Fetching without root: inside the user namespace git runs as the user outside, and the store is the same in both. */
import assert from "node:assert/strict";
import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { repository } from "../src/config/references/testing/repository.ts";
import { run } from "../src/os/processes.ts";
import { microvmBelow, needsRoot, temporaryDirectory } from "./support.ts";

const skip =
  needsRoot || (existsSync("/usr/bin/newuidmap") ? false : "needs newuidmap, of the package uidmap");

/** A user who exists in a mount namespace only; the machine's own accounts stay as they are. */
const AS_USER = `
  for file in passwd group subuid subgid; do
    [ -e "/etc/$file" ] || : >"/etc/$file"
    mount --bind "$0/$file" "/etc/$file"
  done
  exec setpriv --reuid 61234 --regid 61234 --clear-groups "$@"`;

test("a user who is not root fetches with their own git, outside of the namespace and inside", {
  skip,
}, async (t) => {
  const accounts = temporaryDirectory();
  for (const name of ["passwd", "group"]) {
    copyFileSync(`/etc/${name}`, join(accounts, name));
    const account = name === "passwd" ? "tester:x:61234:61234::/nonexistent:/bin/sh\n" : "tester:x:61234:\n";
    writeFileSync(join(accounts, name), `${readFileSync(join(accounts, name), "utf8")}${account}`);
  }
  for (const name of ["subuid", "subgid"]) writeFileSync(join(accounts, name), "tester:700000:65536\n");
  const home = temporaryDirectory();
  // In place of ssh: tells who runs it.
  writeFileSync(join(home, "ssh"), "#!/bin/sh\nid -un >&2\nexit 1\n", { mode: 0o755 });
  const { path, reference, commit } = repository(t);
  commit({ "microvm.config.ts": "export default { microvms: { web: { config: {} } } };" });
  await run(["chown", "-R", "61234:61234", home, join(path, "..")]);
  const microvm = (...args: string[]) =>
    microvmBelow(["unshare", "--mount", "sh", "-c", AS_USER, accounts], args, {
      HOME: home,
      MICROVM_STORE: join(home, "store"),
      MICROVM_STATE_DIR: join(home, "state"),
      GIT_SSH_COMMAND: join(home, "ssh"),
    });

  const evaluated = await microvm("eval", reference, "--option", "networking.hostName");
  assert.equal(evaluated.stdout, '"web"\n', evaluated.stderr);
  const inside = await microvm("build", `${reference}#other`);
  assert.match(inside.stderr, /^error: The project defines no VM "other"/m);
  const verified = await microvm("store", "verify");
  assert.deepEqual([verified.code, verified.stdout], [0, ""], verified.stderr);
  for (const command of ["eval", "build"]) {
    const { stderr } = await microvm(command, "git+ssh://example.org/r");
    assert.match(stderr, /^error: Cannot read "ssh:\/\/example.org\/r"; git said:\ntester\n/m);
  }
});
