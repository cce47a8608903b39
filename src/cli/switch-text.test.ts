import assert from "node:assert/strict";
import { test } from "node:test";
import type { SwitchPlan, VmChange } from "../host/index.ts";
import { switchObject, switchText } from "./switch-text.ts";

const change = (name: string, fields: Partial<VmChange> = {}): VmChange => ({
  ...{ name, action: "keep", unit: "none", reasons: ["unchanged"] },
  ...fields,
});

const NO_FILES = { written: [], removed: [], kept: [] };

function plan(vms: readonly VmChange[], fields: Partial<SwitchPlan["activation"]> = {}): SwitchPlan {
  const activation = { vms, units: NO_FILES, etc: NO_FILES, isPending: true, ...fields };
  return {
    host: "h",
    networks: [],
    activation,
    cost: { download: 3 * 1024 * 1024, downloads: 2, builds: 9 },
    costs: new Map([["web", { download: 0, downloads: 0, builds: 4, disk: null }]]),
  } as unknown as SwitchPlan;
}

test("what changes comes with its reason and what it takes, then what stays, then the whole", () => {
  const vms = [
    change("a"),
    change("old", { action: "orphan", unit: "stop", reasons: ["no longer declared"] }),
    change("web", { action: "rebuild", unit: "restart", reasons: ["its configuration changed"] }),
  ];
  const kept = [{ path: "microvm@.service", dropIn: "microvm@.service.d/x.conf", text: "secret" }];
  const given = plan(vms, { units: { written: ["x", "y"], removed: ["z"], kept } });
  assert.equal(
    switchText(given),
    `host "h"
  orphan   old  stops; no longer declared
  rebuild  web  restarts; its configuration changed (builds 4 paths)
  keep     a    unchanged
  units: 2 written, 1 removed
  changed by hand: "microvm@.service"; the change is kept in "microvm@.service.d/x.conf"
in all: downloads 2 files, 3.0 MiB; builds 9 paths
`,
  );
  const object = switchObject(given);
  assert.equal(object.pending, true);
  assert.deepEqual(object.vms.at(-1)!.cost, { download: 0, downloads: 0, builds: 4, disk: null });
  assert.deepEqual(object.units.kept, [{ path: "microvm@.service", dropIn: "microvm@.service.d/x.conf" }]);
});

test("addresses of networks are told", () => {
  const member = { vm: "web", tap: "t", mac: "02:00:00:00:00:01", declared: null, address: "10.1.0.7" };
  const networks = [
    {
      ...{ name: "lan", bridge: "mv-lan", gateway: "10.1.0.1" },
      members: [member],
      options: { dns: true, domain: "lan.internal" },
    },
  ];
  const given = { ...plan([change("web")]), networks } as unknown as SwitchPlan;
  assert.match(switchText(given), /^ {2}address {2}lan: web 10\.1\.0\.7 \(web\.lan\.internal\)$/m);
  assert.deepEqual(switchObject(given).networks, [
    { name: "lan", bridge: "mv-lan", gateway: "10.1.0.1", vms: { web: "10.1.0.7" } },
  ]);
});

test("of many VMs that stay only their number is told", () => {
  const vms = Array.from({ length: 30 }, (_, index) => change(`vm-${index}`));
  assert.equal(
    switchText(plan(vms, { isPending: false })),
    'host "h"\n  keep     30 VMs that are unchanged\nnothing to do\n',
  );
});
