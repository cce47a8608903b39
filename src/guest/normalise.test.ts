import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { temporaryDirectory } from "../os/testing/temporary-directory.ts";
import { normaliseLayer, readFromLayers } from "./normalise.ts";

/** A layer with files of these paths; each contains its path. */
function layerOf(test: TestContext, ...paths: string[]): string {
  const root = join(temporaryDirectory(test), "layer");
  for (const path of paths) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), path);
  }
  return root;
}

const files = (root: string) =>
  readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort();

test("what must be one guest's own is removed, and nothing beside it", (t) => {
  const root = layerOf(
    t,
    "etc/ssh/ssh_host_rsa_key",
    "etc/ssh/ssh_host_ed25519_key.pub",
    "etc/ssh/sshd_config",
    "etc/machine-id",
    "var/lib/dbus/machine-id",
    "var/lib/systemd/random-seed",
    "var/lib/systemd/credential.secret",
    "var/lib/systemd/catalog/database",
    "etc/ssl/private/ssl-cert-snakeoil.key",
  );
  normaliseLayer(root);
  assert.deepEqual(files(root), ["etc/ssh/sshd_config", "var/lib/systemd/catalog/database"]);
});

test("locks, backups and caches of the build are removed, their directories stay", (t) => {
  const root = layerOf(
    t,
    "etc/.pwd.lock",
    "etc/passwd-",
    "etc/passwd",
    "var/lib/dpkg/lock-frontend",
    "var/lib/dpkg/status-old",
    "var/lib/dpkg/status",
    "var/cache/ldconfig/aux-cache",
    "var/lib/apt/lists/some/list",
    "tmp/left/over",
    "run/motd",
  );
  normaliseLayer(root);
  assert.deepEqual(files(root), ["etc/passwd", "var/lib/dpkg/status"]);
  for (const kept of ["tmp", "run", "var/cache/ldconfig", "var/lib/apt/lists"]) {
    assert.ok(existsSync(join(root, kept)), kept);
  }
});

test("logs are emptied and keep their names and modes", (t) => {
  const root = layerOf(t, "var/log/dpkg.log", "var/log/apt/term.log");
  chmodSync(join(root, "var/log/apt/term.log"), 0o640);
  normaliseLayer(root);
  assert.deepEqual(files(root), ["var/log/apt/term.log", "var/log/dpkg.log"]);
  assert.equal(readFileSync(join(root, "var/log/dpkg.log"), "utf8"), "");
  assert.equal(statSync(join(root, "var/log/apt/term.log")).mode & 0o777, 0o640);
});

test("nothing outside of the layer is touched, wherever its links lead", (t) => {
  const host = layerOf(t, "etc/machine-id", "etc/passwd-", "log/syslog", "tmp/file", "var/tmp/file");
  const before = files(host);
  const root = join(temporaryDirectory(t), "layer");
  mkdirSync(join(root, "var"), { recursive: true });
  symlinkSync(join(host, "etc"), join(root, "etc"));
  symlinkSync(join(host, "tmp"), join(root, "tmp"));
  symlinkSync(join(host, "log"), join(root, "var/log"));
  symlinkSync(join(host, "var/tmp"), join(root, "var/tmp"));
  normaliseLayer(root);
  assert.deepEqual(files(host), before);
  assert.equal(readFileSync(join(host, "log/syslog"), "utf8"), "log/syslog");
});

test("a file is read from the nearest layer that has it", (t) => {
  const upper = layerOf(t, "etc/group");
  const lower = layerOf(t, "etc/passwd");
  writeFileSync(join(lower, "etc/group"), "below");
  assert.equal(readFromLayers([upper, lower], "etc/group"), "etc/group");
  assert.equal(readFromLayers([upper, lower], "etc/passwd"), "etc/passwd");
  assert.equal(readFromLayers([upper, lower], "etc/shadow"), "");
});

test("a file of the host is not read through a layer's link", (t) => {
  const host = layerOf(t, "etc/shadow");
  const root = layerOf(t, "etc/passwd");
  symlinkSync(join(host, "etc/shadow"), join(root, "etc/shadow"));
  assert.throws(() => readFromLayers([root], "etc/shadow"), {
    code: "package-invalid",
    message: 'The packages have no regular file "/etc/shadow"',
  });
  const linked = join(temporaryDirectory(t), "layer");
  mkdirSync(linked);
  symlinkSync(join(host, "etc"), join(linked, "etc"));
  assert.equal(readFromLayers([linked], "etc/shadow"), "");
});
