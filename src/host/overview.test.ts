import assert from "node:assert/strict";
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { temporaryDirectory } from "../os/testing/temporary-directory.ts";
import { overviewOf, type VmOverview } from "./overview.ts";
import { declare, testMachine } from "./testing/machine.ts";

/** What a test says of a VM's directory: names of runners, and files. */
interface Directory {
  readonly current?: string;
  readonly booted?: string;
  readonly toplevel?: true;
  readonly flake?: string;
}

function stateWith(
  t: TestContext,
  vms: Readonly<Record<string, Directory>>,
  declared: Readonly<Record<string, string | null>> = {},
) {
  const machine = testMachine(temporaryDirectory(t));
  const { stateDirectory, storeDirectory } = machine;
  for (const [name, { current, booted, toplevel, flake }] of Object.entries(vms)) {
    const place = (file: string) => join(stateDirectory, name, file);
    mkdirSync(place(""), { recursive: true });
    for (const [link, runner] of Object.entries({ current, booted })) {
      if (runner === undefined) continue;
      symlinkSync(join(storeDirectory, runner), place(link));
      if (runner.startsWith("gone")) continue;
      mkdirSync(join(storeDirectory, runner, "bin"), { recursive: true });
      writeFileSync(join(storeDirectory, runner, "bin/microvm-run"), "");
    }
    if (toplevel) symlinkSync(join(storeDirectory, "system"), place("toplevel"));
    if (flake !== undefined) writeFileSync(place("flake"), `${flake}\n`);
  }
  const recorded = Object.entries(declared).map(([name, runner]) => [name, { kind: "config", runner }]);
  declare(machine, { autostart: [], vms: Object.fromEntries(recorded) });
  return machine;
}

const short = ({ name, state, isBooted, isOrphan, mend }: VmOverview) =>
  `${name} ${state}${isBooted ? " booted" : ""}${isOrphan ? " orphan" : ""}: ${mend}`;

test("VMs are current, outdated, stale or broken, and each has the command that mends it", (t) => {
  const machine = stateWith(
    t,
    {
      runs: { current: "a1", booted: "a1", toplevel: true },
      rests: { current: "a1", toplevel: true },
      outdated: { current: "a1", booted: "a1", toplevel: true },
      stale: { current: "a2", booted: "a1", flake: "path:/srv" },
      deployed: { current: "a1", booted: "a1", flake: "path:/srv" },
      orphan: { current: "a1", toplevel: true },
      half: { toplevel: true },
      halfdeployed: { flake: "path:/srv" },
      collected: { current: "gone-1", flake: "path:/srv" },
      collecteddeclared: { current: "gone-1", toplevel: true },
      lost: {},
    },
    { runs: "a1", rests: "a1", outdated: "a2", half: "a1", collecteddeclared: "a1", never: "a1" },
  );
  assert.deepEqual(overviewOf(machine, undefined).map(short), [
    "collected broken: microvm update collected",
    "collecteddeclared broken: microvm switch",
    "deployed current booted: null",
    "half broken: microvm switch",
    "halfdeployed broken: microvm update halfdeployed",
    "lost broken: microvm remove lost",
    "orphan current orphan: microvm remove orphan",
    "outdated outdated booted: microvm switch",
    "rests current: microvm start rests",
    "runs current booted: null",
    "stale stale booted: microvm restart stale",
  ]);
  const faults = overviewOf(machine, undefined).flatMap(({ name, fault }) =>
    fault ? [`${name}: ${fault}`] : [],
  );
  assert.deepEqual(faults.slice(0, 3), [
    'collected: its runner "gone-1" is gone from the store',
    'collecteddeclared: its runner "gone-1" is gone from the store',
    "half: its directory has no runner",
  ]);
});

test("what systemd says counts more than a link that a loss of power left", (t) => {
  const machine = stateWith(t, {
    web: { current: "a2", booted: "a1", flake: "path:/srv" },
    db: { current: "a2", booted: "a1", flake: "path:/srv" },
  });
  const units = new Map([["db", { active: "active", sub: "running" }]]);
  assert.deepEqual(overviewOf(machine, units).map(short), [
    "db stale booted: microvm restart db",
    "web current: microvm start web",
  ]);
  const failed = new Map([["web", { active: "failed", sub: "failed" }]]);
  const [web] = overviewOf(machine, failed, (name) => name === "web");
  assert.deepEqual([web!.unit, web!.isBooted, web!.flake], ["failed", false, "path:/srv"]);
});

test("files and hidden directories in the state directory are no VMs", (t) => {
  const machine = stateWith(t, { web: { current: "a1", flake: "path:/srv" } });
  writeFileSync(join(machine.stateDirectory, "notes.txt"), "");
  mkdirSync(join(machine.stateDirectory, ".run"));
  symlinkSync("/nonexistent", join(machine.stateDirectory, "link"));
  assert.deepEqual(
    overviewOf(machine, undefined).map(({ name }) => name),
    ["web"],
  );
});

test("a generation that is gone from the store is an error with the way out; without one nothing is declared", (t) => {
  const machine = stateWith(t, { web: { current: "a1", toplevel: true } });
  chmodSync(machine.storeDirectory, 0o755);
  writeFileSync(join(machine.storeDirectory, "host/host.json"), '{ "version": 9 }');
  assert.throws(() => overviewOf(machine, undefined), {
    code: "store-invalid",
    message: `The host's store path "${join(machine.storeDirectory, "host")}" is of version 9, which this program does not know`,
    hint: 'Run "microvm switch" to make a new generation',
  });
  rmSync(join(machine.stateDirectory, ".generations/current"));
  assert.deepEqual(overviewOf(machine, undefined).map(short), ["web current orphan: microvm remove web"]);
});
