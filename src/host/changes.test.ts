import assert from "node:assert/strict";
import { test } from "node:test";
import { isPending, type MachineFacts, vmChanges } from "./changes.ts";
import type { HostRecord, RecordedVm } from "./host-record.ts";

const vm = (fields: Partial<RecordedVm> = {}): RecordedVm => ({
  ...{ kind: "config", runner: "r2", system: "s", autostart: true, restartIfChanged: true },
  ...{ flake: null, updateFlake: null, user: "u", shareSources: [] },
  ...fields,
});

const host = (vms: HostRecord["vms"]): HostRecord => ({
  ...{ version: 1, name: "h", scope: "system", stateDirectory: "/s", autostart: [] },
  vms,
});

/** Facts of a machine with the VM `a`: what is installed, and what runs. */
function facts(
  current: string | undefined,
  booted?: string,
  fields: Partial<MachineFacts> = {},
): MachineFacts {
  const links = { current, booted, old: undefined, toplevel: undefined };
  return {
    installed: new Map([["a", { name: "a", ...links }]]),
    startable: new Set(current === undefined ? [] : ["a"]),
    running: new Set(booted === undefined ? [] : ["a"]),
    changedUnits: new Set(),
    former: undefined,
    why: () => "why",
    rebootReasons: () => [],
    ...fields,
  };
}

const change = (fields: Partial<RecordedVm>, machine: MachineFacts) => {
  const [one] = vmChanges(host({ a: vm(fields) }), machine);
  return [one!.action, one!.unit, one!.reasons.join("; "), isPending(one!)];
};

const nothing = facts(undefined, undefined, { installed: new Map() });

test("a declared VM is created, rebuilt, restarted, started or left alone", () => {
  assert.deepEqual(change({}, nothing), ["create", "start", "new", true]);
  assert.deepEqual(change({ autostart: false }, nothing), ["create", "none", "new", true]);
  assert.deepEqual(change({}, facts("r1", "r1")), ["rebuild", "restart", "why", true]);
  assert.deepEqual(change({ autostart: false }, facts("r1")), ["rebuild", "none", "why", true]);
  assert.deepEqual(change({}, facts("r2", "r2")), ["keep", "none", "unchanged", false]);
  assert.deepEqual(change({}, facts("r2")), ["keep", "start", "starts with its host and does not run", true]);
  assert.deepEqual(change({ restartIfChanged: false }, facts("r1", "r1")), [
    ...["rebuild", "none", "why; runs on as it is, since restartIfChanged is off", true],
  ]);
  assert.deepEqual(change({ restartIfChanged: false }, facts("r2", "r1")), [
    "keep",
    "none",
    "unchanged",
    false,
  ]);
  const outdated = "runs another runner than the one that is installed";
  assert.deepEqual(change({}, facts("r2", "r1")), ["keep", "restart", outdated, true]);
  const changedUnits = new Set(["a"]);
  assert.deepEqual(change({}, facts("r2", "r2", { changedUnits })), [
    "keep",
    "restart",
    "its unit changed",
    true,
  ]);
});

test("a running VM changes without a reboot where it can, and the option that asks for one is named", () => {
  const live = { changeLive: true };
  assert.deepEqual(change(live, facts("r1", "r1")), ["rebuild", "change", "why; without a reboot", true]);
  assert.deepEqual(change(live, facts("r1")), ["rebuild", "start", "why", true]);
  const outdated = "runs another runner than the one that is installed; without a reboot";
  assert.deepEqual(change(live, facts("r2", "r1")), ["keep", "change", outdated, true]);
  const asked = { rebootReasons: () => [{ option: "microvm.mem", why: "512 becomes 1024" }] };
  const because = 'why; needs a reboot for "microvm.mem": 512 becomes 1024';
  assert.deepEqual(change(live, facts("r1", "r1", asked)), ["rebuild", "restart", because, true]);
  assert.deepEqual(change({ ...live, restartIfChanged: false }, facts("r1", "r1")), [
    ...["rebuild", "change", "why; without a reboot", true],
  ]);
  const changedUnits = new Set(["a"]);
  assert.deepEqual(change(live, facts("r1", "r1", { changedUnits })), ["rebuild", "restart", "why", true]);
  // A switch that failed and is undone: the guest is what it was.
  assert.deepEqual(change(live, facts("r1", "r2")), ["rebuild", "none", "why; runs it already", true]);
});

test("a directory without a runner, or with one that is gone, is installed again", () => {
  const half = "its directory has no runner; volumes in it stay";
  assert.deepEqual(change({}, facts(undefined)), ["create", "start", half, true]);
  const gone = facts("r2", undefined, { startable: new Set() });
  assert.deepEqual(change({}, gone), ["create", "start", 'the runner of "a" is gone from the store', true]);
});

test("a deployed VM that is updated by itself is left alone once it is there", () => {
  const fields: Partial<RecordedVm> = {
    kind: "flake",
    flake: "f",
    updateFlake: "u",
    runner: null,
    restartIfChanged: false,
  };
  assert.deepEqual(change(fields, nothing), ["create", "start", "new", true]);
  const left = "deployed, and updated by itself";
  assert.deepEqual(change(fields, facts("r9", "r1")), ["keep", "none", left, false]);
});

test("a VM that is no longer declared is stopped once, and listed as long as it is there", () => {
  const former = host({ a: vm() });
  const orphan = (machine: MachineFacts) => vmChanges(host({}), machine);
  assert.deepEqual(orphan(facts("r1", "r1", { former })), [
    {
      ...{ name: "a", action: "orphan", unit: "stop" },
      reasons: ['no longer declared, kept on the disk until "microvm remove"'],
    },
  ]);
  const toplevel = { name: "a", current: "r1", booted: undefined, old: undefined, toplevel: "s" };
  const later = facts("r1", undefined, { installed: new Map([["a", toplevel]]) });
  assert.deepEqual(orphan(later)[0]!.unit, "none");
  // Made by hand, and never this host's.
  assert.deepEqual(orphan(facts("r1", "r1")), []);
});
