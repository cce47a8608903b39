import assert from "node:assert/strict";
import { test } from "node:test";
import { lint, missing, syntaxFaults } from "../os/testing/programs.ts";
import type { FileEntry } from "../store/files.ts";
import type { Recipe } from "../store/recipe.ts";
import { type HostSpecification, planHost, type SpecifiedVm } from "./host-recipe.ts";
import { authorOf } from "./unit-text.ts";

const recipe = (name: string, inputs: Recipe["inputs"] = {}): Recipe => ({
  ...{ kind: "files", version: 1, name, params: {} },
  inputs,
});

const NO_LIMITS = {
  ...{ memory: null, cpu: null, cpuWeight: null, ioWeight: null, tasks: null },
  ...{ ioReadBandwidth: {}, ioWriteBandwidth: {} },
};

const vm = (name: string, fields: Partial<SpecifiedVm> = {}): SpecifiedVm => ({
  ...{ name, user: `microvm-${name}`, runner: recipe(`microvm-qemu-${name}`, { system: recipe("system") }) },
  ...{ limits: NO_LIMITS, writablePaths: [], shutdownTimeout: 30, restartIfUnresponsive: null },
  record: {
    ...{ kind: "config", autostart: true, restartIfChanged: true, flake: null, updateFlake: null },
    ...{ user: `microvm-${name}`, shareSources: [] },
  },
  ...fields,
});

const host = (fields: Partial<HostSpecification> = {}): HostSpecification => ({
  ...{ name: "h", isEnabled: true, scope: "system", stateDirectory: "/var/it's 50% vms", ksm: true },
  ...{ storeDirectory: "/store", unitDirectory: "/etc/systemd/system", startupTimeout: 99 },
  ...{ vms: [], autostart: [], bridges: [], networks: [] },
  ...fields,
});

const full = host({
  vms: [
    vm("a", {
      record: { ...vm("a").record, shareSources: ["/srv/it's here"] },
      writablePaths: ["/home/x/data.img"],
    }),
    vm("b", {
      runner: null,
      record: {
        ...vm("b").record,
        kind: "flake",
        flake: "path:/it's",
        updateFlake: "path:/x",
        autostart: false,
      },
    }),
    vm("c", { record: { ...vm("c").record, kind: "flake", flake: "path:/it's $(touch broken)" } }),
  ],
  autostart: ["by-hand"],
});

const textOf = (file: unknown) => (file as { readonly text: string }).text;

const entriesOf = (one: HostSpecification) =>
  (planHost(one).recipe.params as unknown as { readonly entries: readonly FileEntry[] }).entries;

test("the host's scripts are POSIX shell, whatever the names in them", {
  skip: missing("shellcheck"),
}, () => {
  const scripts = entriesOf(full).flatMap((entry) =>
    entry.type === "file" && entry.path.startsWith("bin/") ? [[entry.path, entry.text] as const] : [],
  );
  assert.equal(scripts.length, 5);
  for (const [path, text] of scripts) {
    assert.equal(syntaxFaults(text), "", path);
    assert.equal(lint(text), "", path);
  }
});

test("every file on the host says that it is the program's", () => {
  const { units, etc } = planHost(full).target;
  for (const file of [...units.values(), ...etc.values()]) {
    if ("text" in file) assert.equal(authorOf(file.text), "microvm");
    else assert.equal(file.target, "../microvms.target");
  }
});

test("the target pulls in what starts with the host, and installs the rest", () => {
  const text = textOf(planHost(full).target.units.get("microvms.target"));
  const wants = [...text.matchAll(/^Wants=(.*)$/gm)].map(([, unit]) => unit);
  assert.deepEqual(wants, [
    ...["microvm-recover.service", "microvm@a.service", "install-microvm-b.service", "microvm@c.service"],
    "microvm@by-hand.service",
  ]);
});

test("units find the state directory, whatever its name", () => {
  const { units } = planHost(full).target;
  const main = textOf(units.get("microvm@.service"));
  assert.match(main, /^WorkingDirectory=\/var\/it's 50%% vms\/%i$/m);
  assert.match(main, /^ExecStart="\/var\/it's 50%% vms\/%i\/current\/bin\/microvm-run"$/m);
  assert.match(main, /^TimeoutStartSec=99$/m);
  assert.match(main, /^Type=notify\nNotifyAccess=all$/m);
  assert.match(main, /^ExecStop=-"/m);
  const once = textOf(units.get("install-microvm-b.service"));
  assert.match(once, /^ConditionPathExists=!\/var\/it's 50%% vms\/b\/current$/m);
});

test("a guest's time to power off fits into its unit's, and a watched one has its timer", () => {
  const watched = vm("a", { shutdownTimeout: 200, restartIfUnresponsive: 60 });
  const { units } = planHost(host({ vms: [watched, vm("b")] })).target;
  const dropIn = textOf(units.get("microvm@a.service.d/50-microvm.conf"));
  assert.match(dropIn, /^TimeoutStopSec=215$/m);
  assert.match(dropIn, /^Wants=microvm-alive@a\.timer$/m);
  assert.match(textOf(units.get("microvm@b.service.d/50-microvm.conf")), /^TimeoutStopSec=99$/m);
  assert.deepEqual(
    [...units.keys()].filter((path) => path.includes("alive")),
    ["microvm-alive@a.timer", "microvm-alive@a.service"],
  );
});

test("limits are the slice's, and paths that a VM writes to its unit's", () => {
  const limits = { ...NO_LIMITS, memory: 600, cpu: 50, tasks: 9, ioReadBandwidth: { "/srv/a b": 7 } };
  const { units } = planHost(host({ vms: [vm("my-vm", { limits, writablePaths: ["/srv/x.img"] })] })).target;
  assert.equal(
    textOf(units.get("microvm-my\\x2dvm.slice")).split("[Slice]\n")[1],
    'MemoryMax=600M\nMemorySwapMax=0\nCPUQuota=50%\nIOReadBandwidthMax="/srv/a b" 7\nTasksMax=9\n',
  );
  const dropIn = textOf(units.get("microvm@my-vm.service.d/50-microvm.conf"));
  assert.match(dropIn, /^Slice=microvm-my\\x2dvm\.slice$/m);
  assert.match(dropIn, /^ReadWritePaths=-\/srv\/x\.img$/m);
  assert.doesNotMatch(dropIn, /ProtectHome/);
  assert.match(
    textOf(planHost(full).target.units.get("microvm@a.service.d/50-microvm.conf")),
    /^ProtectHome=no$/m,
  );
});

test("a user's host has no users, no files in /etc and no confinement that needs root", () => {
  const { units, etc } = planHost(host({ scope: "user", vms: [vm("a", { user: null })] })).target;
  assert.equal(etc.size, 0);
  assert.ok(units.has("default.target.wants/microvms.target"));
  for (const [path, file] of units) {
    if ("text" in file)
      assert.doesNotMatch(file.text, /^(User|Group|ProtectSystem|CapabilityBoundingSet)=/m, path);
  }
});

test("a host that is switched off has nothing", () => {
  const { units, etc, record } = planHost(host({ isEnabled: false })).target;
  assert.deepEqual([units.size, etc.size, Object.keys(record.vms).length], [0, 0, 0]);
});
