/** The store's commands with real layers: built anew to the same bytes, carried to another store, kept while in use. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { missing } from "../src/os/testing/programs.ts";
import {
  guestProject,
  imageGuestProject,
  microvm,
  needsRoot,
  STORE_SHARE,
  startMicrovm,
  temporaryDirectory,
} from "./support.ts";

const skip = needsRoot || missing("perl");
const directory = guestProject(`microvm: { ${STORE_SHARE} }, environment: { packages: ["tree"] }`);

async function runner(project: string): Promise<string> {
  const { stdout, stderr, code } = await microvm(["build", project]);
  assert.equal(code, 0, stderr);
  return stdout.trim();
}

test("a VM and all that it was built from come out the same when built anew", {
  skip: needsRoot,
}, async () => {
  const { stdout, code } = await microvm(["store", "verify", await runner(directory), "--rebuild"]);
  assert.match(stdout, /^\d{3} store paths intact and the same when built anew\n$/);
  assert.equal(code, 0);
});

test("a VM runs from a store that was imported, and collections while it runs take nothing of it", {
  skip,
}, async () => {
  // Of an image, whose guest is up sooner.
  const image = imageGuestProject(
    `microvm: { ${STORE_SHARE} }, environment: { etc: { here: { text: "four\\n" } } }`,
  );
  const path = await runner(image);
  const place = temporaryDirectory();
  const here = { MICROVM_CONFIG_DIR: join(place, "config") };
  const there = { ...here, MICROVM_STORE: join(place, "store") };
  const stream = join(place, "stream");
  const link = join(place, "result");
  const key = (await microvm(["store", "key", "generate", "test"], here)).stdout.trim();
  await microvm(["store", "key", "trust", key], here);
  assert.equal((await microvm(["store", "export", path, "-o", stream], here)).stderr, "");
  const imported = await microvm(["store", "import", "-i", stream, "-o", link, "--json"], there);
  assert.deepEqual(JSON.parse(imported.stdout).roots, [basename(path)]);

  const command = "echo up; cat /etc/here";
  const vm = startMicrovm(["run", image, "--exec", command], there);
  const collect = async () => JSON.parse((await microvm(["gc", "--drop-inputs", "--json"], there)).stdout);
  // The link keeps the VM until the program does, which is before it looks what is there.
  const roots = join(there.MICROVM_STORE, ".temproots");
  while (!readdirSync(roots).some((name) => readFileSync(join(roots, name)).length > 0)) await setTimeout(10);
  assert.deepEqual((await collect()).removed, []);
  rmSync(link);
  for (let up = false; !up; up = /^up$/m.test(vm.output())) {
    await Promise.race([vm.until(/^up$/m), collect().then(({ removed }) => assert.deepEqual(removed, []))]);
    await Promise.race([vm.until(/^up$/m), setTimeout(1000)]);
  }
  assert.equal(await vm.exited, 0, vm.output());
  assert.match(vm.output(), /^up\nfour$/m);
  assert.equal((await collect()).kept, 0);
  assert.deepEqual(
    readdirSync(join(place, "store")).filter((name) => !name.startsWith(".")),
    [],
  );
  assert.ok(existsSync(path), "another store is another store");
});
