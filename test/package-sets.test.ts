/** Package sets against real archives, by this machine's own mirror: Debian with its updates, and Ubuntu. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { MicrovmError } from "../src/errors.ts";
import { existsSync } from "../src/os/files.ts";
import { lockPackages } from "../src/packages/debian/lock-packages.ts";
import { hostMirror } from "../src/packages/debian/mirror.ts";
import { type DebianPackageSet, debian, ubuntu } from "../src/packages/debian/package-set.ts";
import { temporaryDirectory } from "./support.ts";

const skip = existsSync("/etc/apt") ? false : "this machine has no apt, whose mirror could be asked";

function lock(set: DebianPackageSet) {
  const indicesDirectory = join(temporaryDirectory(), "indices");
  return lockPackages({
    set,
    requests: [{ key: "guest", wanted: ["nginx"], essential: true }],
    indicesDirectory,
  });
}

for (const suite of ["trixie", "bookworm"]) {
  test(`${suite} comes with its updates and its security updates`, { skip }, async () => {
    const result = await lock(debian({ suite, architecture: "amd64" }));
    const [set] = Object.values(result.lock.packageSets);
    assert.deepEqual(Object.keys(set!.releases), [suite, `${suite}-updates`, `${suite}-security`]);
    assert.ok(result.packages.guest!.some(({ name }) => name === "nginx"));
  });
}

test("a package of the security archive is fetched from there", { skip }, async () => {
  const { packages, source } = await lock(debian({ suite: "bookworm", architecture: "amd64" }));
  const found = packages.guest!.find(({ repository }) => repository === "security");
  assert.ok(found, "no package of the wish has a security update");
  await source.fetch({ ...found, label: found.name }, join(temporaryDirectory(), "out.deb"));
});

test("Ubuntu's archive is trusted by Ubuntu's keys, and not by Debian's", { skip }, async (context) => {
  const mirror = hostMirror("/etc/apt").replace(/\/debian$/, "/ubuntu");
  const set = ubuntu({ suite: "noble", architecture: "amd64", mirror });
  const result = await lock(set).catch((error) => {
    if (error instanceof MicrovmError && error.code === "download-failed") return undefined;
    throw error;
  });
  if (!result) return context.skip("this machine's mirror has no Ubuntu beside Debian");
  assert.ok(result.packages.guest!.some(({ name }) => name === "nginx"));
  await assert.rejects(lock(debian({ suite: "noble", architecture: "amd64", mirror })), {
    code: "signature-invalid",
  });
});
