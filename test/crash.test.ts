/** A build that is killed: the next one finishes it, and gives what an undisturbed one gives. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { guestProject, microvm, STORE, STORE_SHARE, startMicrovm, temporaryDirectory } from "./support.ts";

const directory = guestProject(`microvm: { ${STORE_SHARE} }, environment: { packages: ["tree"] }`);

test("a killed build leaves whole paths only, and the next build finishes to the same bytes", async () => {
  const store = join(temporaryDirectory(), "store");
  const build = startMicrovm(["build", directory], { MICROVM_STORE: store });
  await build.until(/Built kernel/);
  build.child.kill("SIGKILL");
  await build.exited;
  const left = paths(store);
  for (const name of left) assert.ok(existsSync(join(store, ".info", `${name}.json`)), name);

  const again = await microvm(["build", directory], { MICROVM_STORE: store });
  assert.equal(again.code, 0, again.stderr);
  const unfinished = readdirSync(join(store, ".tmp")).filter((name) => !name.endsWith(".lock"));
  assert.deepEqual(unfinished, []);
  assert.deepEqual(
    left.filter((name) => !existsSync(join(store, name))),
    [],
  );

  const elsewhere = await microvm(["build", directory]);
  assert.equal(elsewhere.code, 0, elsewhere.stderr);
  const layers = paths(store).filter((name) =>
    /-(trixie-base|trixie-packages|kernel|initrd|vmlinux)$/.test(name),
  );
  assert.equal(layers.length, 5);
  for (const name of layers) assert.equal(digest(store, name), digest(STORE, name), name);
});

test("a build that is asked to stop says so, and leaves no process and no mount", async () => {
  const store = join(temporaryDirectory(), "store");
  const build = startMicrovm(["build", directory], { MICROVM_STORE: store });
  await build.until(/trixie-base: configuring/);
  build.child.kill("SIGTERM");
  assert.equal(await build.exited, 128 + 15);
  assert.match(build.output(), /^stopped$/m);
  const commands = readdirSync("/proc").filter(
    (name) => /^\d+$/.test(name) && commandLine(name).includes(store),
  );
  assert.deepEqual(commands, []);
  assert.ok(!readFileSync("/proc/self/mounts", "utf8").includes(store));
});

/** Empty when the process is gone. */
function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}

const paths = (store: string) => readdirSync(store).filter((name) => !name.startsWith("."));

const digest = (store: string, name: string): string =>
  JSON.parse(readFileSync(join(store, ".info", `${name}.json`), "utf8")).digest;
