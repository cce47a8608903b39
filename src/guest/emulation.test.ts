import assert from "node:assert/strict";
import { test } from "node:test";
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
