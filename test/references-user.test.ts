/** Fetching without root: inside the user namespace git runs as the user outside, and the store is the same in both. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { repository } from "../src/config/references/testing/repository.ts";
import { run } from "../src/os/processes.ts";
import { microvmBelow, temporaryDirectory } from "./support.ts";
import { temporaryUser, USER_ID, whyNoUser } from "./temporary-user.ts";

test("a user who is not root fetches with their own git, outside of the namespace and inside", {
  skip: whyNoUser,
}, async (t) => {
  const { command } = temporaryUser();
  const home = temporaryDirectory();
  // In place of ssh: tells who runs it.
  writeFileSync(join(home, "ssh"), "#!/bin/sh\nid -un >&2\nexit 1\n", { mode: 0o755 });
  const { path, reference, commit } = repository(t);
  commit({ "microvm.config.ts": "export default { microvms: { web: { config: {} } } };" });
  await run(["chown", "-R", `${USER_ID}:${USER_ID}`, home, join(path, "..")]);
  const microvm = (...args: string[]) =>
    microvmBelow(command, args, {
      HOME: home,
      MICROVM_STORE: join(home, "store"),
      MICROVM_STATE_DIR: join(home, "state"),
      GIT_SSH_COMMAND: join(home, "ssh"),
    });

  const evaluated = await microvm("eval", reference, "--option", "networking.hostName");
  assert.equal(evaluated.stdout, '"web"\n', evaluated.stderr);
  const inside = await microvm("build", `${reference}#other`);
  assert.match(inside.stderr, /^error: The project defines no VM "other"/m);
  const verified = await microvm("store", "verify", "--rebuild");
  assert.deepEqual(
    [verified.code, verified.stdout],
    [0, "1 store path intact and the same when built anew\n"],
    verified.stderr,
  );
  for (const name of ["eval", "build"]) {
    const { stderr } = await microvm(name, "git+ssh://example.org/r");
    assert.match(stderr, /^error: Cannot read "ssh:\/\/example.org\/r"; git said:\ntester\n/m);
  }
});
