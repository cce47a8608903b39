import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { MachineSpec } from "../hypervisors/machine.ts";
import { machine as machineSpec } from "../hypervisors/testing/machine.ts";
import { temporaryDirectory } from "../os/testing/temporary-directory.ts";
import { macAddress } from "../plan/identity.ts";
import { checkNewVm, leftFiles } from "./create.ts";
import { checkConflicts } from "./installed-machines.ts";
import { overviewOf } from "./overview.ts";
import { revisionOf, writeRevision } from "./revision.ts";
import { checkStartable, checkUnits } from "./startable.ts";
import { hasSystemd } from "./systemd.ts";
import { declare, testMachine } from "./testing/machine.ts";
import { updateRemark, updateWanted } from "./update.ts";

function machineWith(t: TestContext, files: Readonly<Record<string, string>>) {
  const machine = testMachine(temporaryDirectory(t));
  for (const [path, text] of Object.entries(files)) {
    const place = join(machine.stateDirectory, path);
    mkdirSync(join(place, ".."), { recursive: true });
    if (text.startsWith("-> ")) symlinkSync(text.slice(3), place);
    else writeFileSync(place, text);
  }
  return machine;
}

test("a name that is taken is refused; what only has volumes left is free", (t) => {
  const machine = machineWith(t, {
    "web/current": "-> /nowhere",
    "deployed/flake": "path:/srv\n",
    "left/data.img": "",
    file: "",
  });
  declare(machine, { vms: { declared: { kind: "config", runner: null } }, autostart: [] });
  const taken = (name: string) => ({
    code: "vm-exists",
    message: `There is a VM "${name}" already: "${join(machine.stateDirectory, name)}"`,
    hint: `Take what its reference has now with "microvm update ${name}", or remove it with "microvm remove ${name}"`,
  });
  assert.throws(() => checkNewVm(machine, "web"), taken("web"));
  assert.throws(() => checkNewVm(machine, "deployed"), taken("deployed"));
  assert.throws(() => checkNewVm(machine, "declared"), {
    code: "vm-exists",
    message: 'This host declares a VM "declared" already',
    hint: "Choose another name, or change it where the host declares it",
  });
  assert.throws(() => checkNewVm(machine, "file"), {
    code: "vm-exists",
    message: `"${join(machine.stateDirectory, "file")}" exists and is no directory of a VM`,
  });
  assert.throws(() => checkNewVm(machine, "../web"), { code: "bad-usage" });
  checkNewVm(machine, "left");
  assert.deepEqual(leftFiles(machine, "left"), ["data.img"]);
  checkNewVm(machine, "new");
  assert.deepEqual(leftFiles(machine, "new"), []);
});

test("only a VM with a reference is updated, and the others are told what to do instead", (t) => {
  const machine = machineWith(t, {
    "web/current": "-> /nowhere",
    "web/flake": "git+file:///srv/web?ref=main#one\n",
    "whole/toplevel": "-> /nowhere",
    "orphan/toplevel": "-> /nowhere",
    "lost/current": "-> /nowhere",
    "declared/current": "-> /nowhere",
  });
  const vms = {
    whole: { kind: "config", runner: null },
    declared: { kind: "flake", runner: null, updateFlake: null },
  };
  declare(machine, { vms, autostart: [] });
  assert.deepEqual(updateWanted(machine, ["web"]), [
    { name: "web", reference: "git+file:///srv/web?ref=main#one" },
  ]);
  const cases = [
    [
      "whole",
      "vm-declared",
      '"whole" is declared with its whole "config", and has no reference',
      'Change the declaration and run "microvm switch"; newer packages come with "microvm lock --update" before it',
    ],
    [
      "orphan",
      "vm-declared",
      '"orphan" is declared with its whole "config", and has no reference',
      'No host declares it any more: declare it again, or remove it with "microvm remove orphan"',
    ],
    ["declared", "vm-broken", '"declared" has no reference to be updated from', "Run: microvm switch"],
    [
      "lost",
      "vm-broken",
      'The directory of "lost" has no file "flake" of root\'s',
      "Remove it and make it again; its volumes stay: microvm remove lost && microvm create lost --flake REFERENCE",
    ],
  ] as const;
  for (const [name, code, message, hint] of cases) {
    assert.throws(() => updateWanted(machine, ["web", name]), { code, message, hint });
  }
});

test("an update that cannot find anything new, or does not last, says so", (t) => {
  const machine = machineWith(t, {});
  const remark = (reference: string, name = "web") => updateRemark(machine, { name, reference });
  const rev = "a".repeat(40);
  assert.equal(remark("git+file:///srv/web?ref=main"), undefined);
  assert.equal(remark("path:/srv/web"), undefined);
  assert.equal(
    remark(`git+file:///srv/web?rev=${rev}`),
    `"web" is pinned to the commit "${rev}" by its reference: there is never anything newer`,
  );
  const place = join(machine.storeDirectory, "hash-source");
  assert.equal(
    remark(`path:${place}`),
    `"web" is deployed from the store path "${place}", which never changes`,
  );
  declare(machine, {
    vms: { once: { kind: "flake", updateFlake: "path:/srv" }, always: { kind: "flake", updateFlake: null } },
    autostart: [],
  });
  assert.equal(remark("path:/srv", "once"), undefined);
  assert.equal(
    remark("path:/srv", "always"),
    'The host declares "always" without "updateFlake": the next switch installs what the host\'s lock has',
  );
});

test("a VM cannot come beside others that have what it takes", (t) => {
  const host = testMachine(temporaryDirectory(t));
  const place = (name: string, spec: MachineSpec, file: string) => {
    const share = join(host.stateDirectory, name, "current/share/microvm");
    mkdirSync(share, { recursive: true });
    writeFileSync(join(share, "machine.json"), JSON.stringify({ version: 1, machine: spec }));
    writeFileSync(join(host.stateDirectory, name, file), "path:/srv\n");
  };
  const interfaces = (id: string, type: "tap" | "user" = "tap") => [
    { id, type, mac: macAddress("web", id, null) },
  ];
  place("one", machineSpec({ vsockCid: 7, interfaces: interfaces("vm-one") }), "flake");
  place("two", machineSpec({ vsockCid: 7, interfaces: interfaces("net0", "user") }), "flake");
  place("orphan", machineSpec({ vsockCid: 8 }), "toplevel");
  const check = (spec: MachineSpec | string, name = "new") => checkConflicts(host, [{ name, machine: spec }]);
  const refused = (message: string, name = "new") => ({
    code: "config-invalid",
    message,
    hint: `Change that in the project of "${name}", or remove the other VM`,
  });
  // What two others have is theirs to settle; and of the same project, with an address that nobody chose.
  check(machineSpec({ vsockCid: 8, interfaces: interfaces("net0", "user") }));
  const tap = machineSpec({ interfaces: interfaces("vm-one") });
  const [id, mac] = ["vm-one", interfaces("vm-one")[0]!.mac];
  assert.throws(
    () => check(tap),
    refused(
      `"new" and "one" of one host have the interface "${id}"; "new" and "one" of one host have the hardware address "${mac}"`,
    ),
  );
  const runner = join(host.stateDirectory, "two/current");
  assert.throws(() => check(runner), refused('"new", "one" and "two" of one host have the vsock cid 7'));
  // A VM is updated beside the others, not beside itself.
  check(tap, "one");
  assert.throws(
    () => check(tap, "two"),
    refused(
      `"two" and "one" of one host have the interface "${id}"; "two" and "one" of one host have the hardware address "${mac}"`,
      "two",
    ),
  );
});

test("a commit counts for the runner that was made from it", (t) => {
  const { stateDirectory } = machineWith(t, { "web/flake": "path:/srv\n" });
  const rev = "0123456789abcdef0123456789abcdef01234567";
  assert.equal(revisionOf(stateDirectory, "web", "runner"), undefined);
  writeRevision(stateDirectory, "web", "runner", rev);
  assert.equal(revisionOf(stateDirectory, "web", "runner"), rev);
  assert.equal(revisionOf(stateDirectory, "web", "other"), undefined);
  writeRevision(stateDirectory, "web", "runner", undefined);
  assert.equal(revisionOf(stateDirectory, "web", "runner"), undefined);
});

test("what cannot start says why before systemd is asked", (t) => {
  const machine = machineWith(t, {
    "web/current": "-> /store/gone",
    "web/flake": "path:/srv\n",
    "lost/x": "",
  });
  const [lost, web] = overviewOf(machine, undefined);
  assert.throws(() => checkStartable(web!), {
    code: "vm-broken",
    message: '"web" cannot start: its runner "gone" is gone from the store',
    hint: "Run: microvm update web",
  });
  assert.throws(() => checkStartable(lost!), {
    code: "vm-broken",
    message: '"lost" cannot start: its directory has no runner',
    hint: "Nobody declares it any more: microvm remove lost",
  });
  const message = hasSystemd()
    ? `This machine is no host of VMs yet: there is no "microvm@.service" in "${machine.unitDirectory}"`
    : "This machine does not run systemd, which installed VMs need";
  assert.throws(() => checkUnits(machine), { code: "host-unsupported", message });
});
