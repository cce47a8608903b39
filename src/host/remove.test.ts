import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { lockFile } from "../os/locks.ts";
import { temporaryDirectory } from "../os/testing/temporary-directory.ts";
import { checkRemovable, keptFiles, removeVm, volumesElsewhere } from "./remove.ts";
import { hasSystemd } from "./systemd.ts";
import { declare, testMachine } from "./testing/machine.ts";

/** A VM with everything that its directory may have. */
function installedVm(t: TestContext) {
  const machine = testMachine(temporaryDirectory(t));
  const directory = join(machine.stateDirectory, "web");
  const runner = join(machine.storeDirectory, "runner");
  mkdirSync(join(runner, "share/microvm"), { recursive: true });
  const disks = [
    { image: { file: "data.img" } },
    { image: { file: "/srv/far.img" } },
    { image: { store: "x" } },
  ];
  writeFileSync(
    join(runner, "share/microvm/machine.json"),
    JSON.stringify({ version: 1, machine: { disks } }),
  );
  mkdirSync(join(directory, "disks"), { recursive: true });
  for (const link of ["current", "old"]) symlinkSync(runner, join(directory, link));
  const files = [
    "flake",
    "revision",
    "console.log",
    "ssh_host_ed25519_key",
    "ssh_host_ed25519_key.pub",
    "web.sock",
    "web.sock.pid",
  ];
  for (const file of [...files, "half.img.new", "data.img", "disks/more.img"])
    writeFileSync(join(directory, file), file);
  symlinkSync("/etc/passwd", join(directory, "link"));
  return { machine, directory };
}

test("what is left of a removed VM is its volumes", {
  skip: hasSystemd() && "asks this machine's systemd",
}, async (t) => {
  const { machine, directory } = installedVm(t);
  const kept = ["data.img", "disks/more.img"].map((file) => join(directory, file));
  assert.deepEqual(
    keptFiles(machine, "web").map(({ path }) => path),
    kept,
  );
  assert.deepEqual(volumesElsewhere(machine, "web"), ["/srv/far.img"]);
  await removeVm(machine, "web", { purge: false });
  assert.deepEqual(readdirSync(directory, { recursive: true }).sort(), [
    "data.img",
    "disks",
    "disks/more.img",
  ]);
  assert.equal(readFileSync(kept[1]!, "utf8"), "disks/more.img");
  await removeVm(machine, "web", { purge: true });
  assert.ok(!existsSync(directory));
});

test("a VM that its host declares or starts is not removed", async (t) => {
  const { machine, directory } = installedVm(t);
  declare(machine, { vms: { web: { kind: "config", runner: null } }, autostart: ["db"] });
  const cases = [
    [
      "web",
      'This host declares "web": the next switch would make it again',
      'Take "microvm.vms.web" out of the host\'s project, run "microvm switch", then: microvm remove web',
    ],
    [
      "db",
      'This host starts "db" at its boot: it is in "microvm.autostart"',
      'Take it out there, run "microvm switch", then: microvm remove db',
    ],
  ] as const;
  for (const [name, message, hint] of cases) {
    assert.throws(() => checkRemovable(machine, name), { code: "vm-declared", message, hint });
  }
  await assert.rejects(removeVm(machine, "web", { purge: true }), { code: "vm-declared" });
  assert.ok(existsSync(join(directory, "current")));
  checkRemovable(machine, "other");
});

test("a VM that runs in the foreground is left alone", async (t) => {
  const { machine, directory } = installedVm(t);
  await using _lock = await lockFile(join(directory, "lock"));
  await assert.rejects(removeVm(machine, "web", { purge: true }), {
    code: "state-busy",
    message: '"web" runs in the foreground',
    hint: "End it there first",
  });
  assert.ok(existsSync(join(directory, "current")));
});
