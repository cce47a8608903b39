import assert from "node:assert/strict";
import { test } from "node:test";
import type { LayerEntry } from "./layer-tree.ts";
import { pathChanges } from "./layer-tree.ts";
import { planChange } from "./plan-change.ts";
import { accounts, file, layer, link } from "./testing/layers.ts";

type Entries = Readonly<Record<string, string | LayerEntry>>;

const NOBODY = accounts([], []);

function plan(former: Entries, next: Entries, below: Entries = {}) {
  const lower = layer(below);
  const tree = layer(next);
  const changes = pathChanges(layer(former), tree, (path) => lower.get(path));
  return planChange(changes, tree, { former: NOBODY, next: NOBODY });
}

/** Lists of units that are not empty. */
function units(former: Entries, next: Entries, below: Entries = {}) {
  const { change } = plan(former, next, below);
  return Object.fromEntries(Object.entries(change.units).filter(([, names]) => names.length > 0));
}

const UNITS = "etc/systemd/system";
const service = (more = "") => `[Service]\nExecStart=/bin/a\n${more}`;

test("a file of the packages comes back when the configuration has no word of it any more", () => {
  const { change } = plan({ "etc/a": "ours", "etc/b": "ours" }, {}, { "etc/a": "theirs" });
  assert.deepEqual(
    change.paths.map(({ path, next }) => [path, next?.type === "file" ? next.content.toString() : next]),
    [
      ["etc/a", "theirs"],
      ["etc/b", undefined],
    ],
  );
  assert.equal(plan({ "etc/a": "same" }, {}, { "etc/a": "same" }).change.paths.length, 0);
});

test("units do what their words say", () => {
  const path = `${UNITS}/a.service`;
  const changed = (more: string) => units({ [path]: service() }, { [path]: service(`X=1\n${more}`) });
  assert.deepEqual(changed(""), { replace: ["a.service"] });
  assert.deepEqual(changed("X-StopIfChanged=false\n"), { restart: ["a.service"] });
  assert.deepEqual(changed("X-ReloadIfChanged=true\n"), { reload: ["a.service"] });
  assert.deepEqual(changed("X-RestartIfChanged=false\n"), { later: ["a.service"] });
  assert.deepEqual(changed("X-NotSocketActivated=true\n"), { replace: ["a.service"], itself: ["a.service"] });
  assert.deepEqual(
    units({ [path]: service("X-Reload-Triggers=1\n") }, { [path]: service("X-Reload-Triggers=2\n") }),
    { reload: ["a.service"] },
  );
  assert.deepEqual(units({}, { [path]: service() }), { consider: ["a.service"] });
  assert.deepEqual(units({ [path]: service() }, {}), { stop: ["a.service"] });
  assert.deepEqual(units({ [path]: service() }, { [path]: link("/dev/null") }), { stop: ["a.service"] });
  assert.deepEqual(units({ [path]: service() }, {}, { [path]: service("theirs") }), {
    replace: ["a.service"],
  });
  assert.deepEqual(units({ [path]: link("/etc/systemd/system/b.service") }, {}), {});
  assert.deepEqual(units({}, { [`${UNITS}/dbus.service`]: service() }), { later: ["dbus.service"] });
});

test("drop-ins, scripts and sockets are their units'", () => {
  assert.deepEqual(units({}, { [`${UNITS}/a@.service.d/overrides.conf`]: service() }), {
    replace: ["a@.service"],
  });
  const script = "usr/local/lib/microvm/a/start";
  assert.deepEqual(
    units(
      { [script]: "1" },
      { [script]: "2", [`${UNITS}/a.service`]: service("X-StopIfChanged=false\n") },
      {
        [`${UNITS}/a.service`]: service("X-StopIfChanged=false\n"),
      },
    ),
    { restart: ["a.service"] },
  );
  assert.deepEqual(units({ [`${UNITS}/a.socket`]: "1" }, { [`${UNITS}/a.socket`]: "2" }), {
    replace: ["a.service", "a.socket"],
  });
  assert.deepEqual(units({ [`${UNITS}/a.target`]: "1" }, { [`${UNITS}/a.target`]: "2" }), {});
});

test("what a target wants is started, and stopped when nothing wants it", () => {
  const want = `${UNITS}/multi-user.target.wants/a.service`;
  assert.deepEqual(units({}, { [want]: link("/x") }), { consider: ["a.service"] });
  assert.deepEqual(units({ [want]: link("/x") }, {}), { unwanted: ["a.service"] });
  // A mask of a package's link.
  assert.deepEqual(units({ [want]: link("/dev/null") }, {}, { [want]: link("/x") }), {
    consider: ["a.service"],
  });
  assert.deepEqual(units({}, { [want]: link("/dev/null") }, { [want]: link("/x") }), {
    unwanted: ["a.service"],
  });
});

test("files ask for what reads them, or for a reboot", () => {
  const { change, reasons } = plan(
    { "etc/nftables.conf": "1", "etc/hostname": "a\n" },
    {
      "etc/nftables.conf": "2",
      "etc/hostname": "b\n",
      "etc/sysctl.d/60-microvm.conf": "a = 1\n",
      "etc/tmpfiles.d/a.conf": "",
      "etc/systemd/journald.conf.d/a.conf": "",
      "etc/systemd/network/10-a.netdev": "",
      "usr/local/lib/microvm/coldplug": "",
    },
  );
  assert.deepEqual(reasons, []);
  assert.deepEqual(change.steps, [
    { step: "hostname", paths: ["etc/hostname"] },
    { step: "sysctl", paths: ["etc/sysctl.d/60-microvm.conf"] },
    { step: "tmpfiles", paths: ["etc/tmpfiles.d/a.conf"] },
    { step: "networkd", paths: ["etc/systemd/network/10-a.netdev"] },
  ]);
  const { reload, restart, later } = change.units;
  assert.deepEqual(
    [reload, restart, later],
    [["nftables.service"], ["systemd-journald.service"], ["microvm.optimize.ignoredSubsystems"]],
  );
});

test("each file that is only read at the start names its option", () => {
  const cases: Readonly<Record<string, string>> = {
    "etc/fstab": "microvm.volumes or microvm.shares",
    "etc/machine-id": "microvm.machineId",
    "etc/modprobe.d/microvm.conf": "microvm.optimize.enable",
    "etc/systemd/system-generators/a": "microvm.optimize.enable",
    "etc/systemd/system.conf.d/microvm-environment.conf": "systemd.globalEnvironment",
    "etc/systemd/system/default.target": "systemd.defaultUnit",
    "etc/systemd/system/mnt-a.mount": "systemd.mounts or systemd.automounts",
    "etc/systemd/system/immutable-users.service": "users.mutableUsers",
    "etc/systemd/network/10-net0.link": "microvm.interfaces",
    "etc/systemd/network/10-a.netdev": "systemd.network.netdevs",
  };
  for (const [path, option] of Object.entries(cases)) {
    const { reasons } = plan({ [path]: "1" }, { [path]: "2" });
    assert.deepEqual(
      reasons.map((reason) => reason.option),
      [option],
      path,
    );
  }
});

test("accounts whose ids change ask for a reboot", () => {
  const former = accounts(["alice:1000", "web:999"], ["web:999"]);
  const next = accounts(["alice:1000", "new:999", "web:998"], ["web:998"]);
  const { reasons, change } = planChange([], layer({}), { former, next });
  assert.deepEqual(reasons, [
    { option: "users.users.web.uid", why: "999 becomes 998" },
    { option: "users.groups.web.gid", why: "999 becomes 998" },
  ]);
  assert.equal(change.accounts?.next, next);
  assert.equal(
    planChange([], layer({ "etc/passwd": file("") }), { former, next: former }).change.accounts,
    undefined,
  );
});
