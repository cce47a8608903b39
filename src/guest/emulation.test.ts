import assert from "node:assert/strict";
import { chmodSync, existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryDirectory } from "../os/testing/temporary-directory.ts";
import { hostArchitecture } from "../packages/host-tools.ts";
import { emulationFor, emulatorProgram, runsForeign } from "./emulation.ts";

const MAGIC = "7f454c460201010000000000000000000200b700";
const entry = (changes: Readonly<Record<string, string>> = {}) => {
  const fields = { state: "enabled", flags: "POCF", magic: MAGIC, ...changes };
  return `${fields.state}\ninterpreter /usr/bin/qemu-aarch64\nflags: ${fields.flags}\noffset 0\nmagic ${fields.magic}\nmask ffff\n`;
};

test("an emulator of the host counts when it is on, is open already, and is for that machine", () => {
  assert.ok(runsForeign(entry(), MAGIC));
  for (const change of [
    { state: "disabled" },
    { flags: "POC" },
    { magic: MAGIC.replace("b7", "3e") },
    { flags: "" },
  ]) {
    assert.ok(!runsForeign(entry(change), MAGIC), JSON.stringify(change));
  }
});

test("what the host runs by itself needs no emulator, nor does what has no architecture", async () => {
  assert.equal(await emulationFor(hostArchitecture(), undefined), undefined);
  assert.equal(await emulationFor("all", undefined), undefined);
});

test("the emulator is called as QEMU calls the machine", () => {
  assert.deepEqual(["amd64", "arm64", "s390x"].map(emulatorProgram), [
    "qemu-x86_64",
    "qemu-aarch64",
    undefined,
  ]);
});

const REGISTERED = "/proc/sys/fs/binfmt_misc";
const skip =
  existsSync(REGISTERED) && readdirSync(REGISTERED).some((name) => !["register", "status"].includes(name))
    ? "this host has emulators registered"
    : false;

test("where nothing can run the guest's programs, that is said with the cure", { skip }, async (t) => {
  const foreign = hostArchitecture() === "amd64" ? "arm64" : "amd64";
  const path = process.env.PATH;
  t.after(() => {
    process.env.PATH = path;
  });
  // A kernel that has no binfmt_misc there, as its unshare would tell.
  process.env.PATH = temporaryDirectory(t);
  writeFileSync(join(process.env.PATH, "unshare"), "#!/bin/sh\nexit 1\n");
  chmodSync(join(process.env.PATH, "unshare"), 0o755);
  const cannot = (why: string) => ({
    code: "unsupported",
    message: `Cannot run programs for "${foreign}" on this host for "${hostArchitecture()}": ${why}`,
    hint: 'As root, register an emulator for the whole host: install "qemu-user-static" (Debian 12, Ubuntu) or "qemu-user-binfmt" (Debian 13)',
  });
  const old = "this kernel has no binfmt_misc in user namespaces, which Linux has from 6.7 on";
  await assert.rejects(emulationFor(foreign, "/tree"), cannot(old));
  const missing = `the program "${emulatorProgram(foreign)}-static" is not on PATH`;
  await assert.rejects(emulationFor(foreign, undefined), cannot(missing));
});
