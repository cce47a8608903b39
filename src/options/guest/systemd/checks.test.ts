import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { withFile } from "../../../module-system/index.ts";
import { guest, guestConfig } from "../../testing/evaluate.ts";

// biome-ignore lint/suspicious/noExplicitAny: tests give wrong units too
const faultsOf = (systemd: any) => guest({ systemd }).faults;

describe("faults that are seen without the guest's packages", () => {
  test("names that are none, or have the kind too", () => {
    assert.deepEqual(
      faultsOf({
        services: { "a b": {}, "..": {}, "web.service": {} },
        timers: { "": {} },
        units: { web: {}, "a/b.service": {} },
      }),
      [
        '"systemd.services" has "a b", which is no name of a unit',
        '"systemd.services" has "..", which is no name of a unit',
        '"systemd.services" has "web.service": leave out ".service"',
        '"systemd.timers" has "", which is no name of a unit',
        '"systemd.units" has "web", which is no whole name of a unit',
        '"systemd.units" has "a/b.service", which is no whole name of a unit',
      ],
    );
  });

  test("a script beside the setting that it becomes", () => {
    assert.deepEqual(
      faultsOf({
        services: {
          a: { script: "true", serviceConfig: { ExecStart: "/bin/true" } },
          b: { preStart: "true", serviceConfig: { ExecStartPre: ["/bin/true"], ExecStart: "/bin/true" } },
          c: { scriptArgs: "%i" },
        },
      }),
      [
        '"systemd.services.a" has both "script" and "serviceConfig.ExecStart": give one of them',
        '"systemd.services.b" has both "preStart" and "serviceConfig.ExecStartPre": give one of them',
        '"systemd.services.c" has "scriptArgs" and no "script" that takes them',
      ],
    );
  });

  test("a template that something is to start", () => {
    assert.deepEqual(
      faultsOf({ services: { "work@": { script: "true", wantedBy: ["multi-user.target"] } } }),
      [
        '"systemd.services.work@" is a template, which "multi-user.target" cannot start: say it of an instance, "systemd.services.work@NAME", and not of "work@.service"',
      ],
    );
    assert.deepEqual(faultsOf({ services: { "work@a": { wantedBy: ["multi-user.target"] } } }), []);
  });

  test("one unit by two options", () => {
    const mount = { what: "tmpfs", where: "/mnt/a" };
    assert.deepEqual(
      faultsOf({
        services: { web: { script: "true" }, www: { aliases: ["web.service"], script: "true" } },
        units: { "web.service": { text: "" } },
        mounts: [mount, { ...mount, where: "/mnt//a/" }],
      }),
      [
        'The unit "web.service" is declared twice, by "systemd.services.web" and "systemd.units."web.service"" and "systemd.services.www.aliases"',
        'The unit "/mnt/a (mount)" is declared twice, by "systemd.mounts.0" and "systemd.mounts.1"',
      ],
    );
  });

  test("units that wait for each other", () => {
    const [web, other] = [
      { services: { a: { after: ["b.service"] }, b: { before: ["c.target"] } } },
      { targets: { c: { before: ["b.service"] } } },
    ].map((systemd, index) => withFile(["web.ts", "other.ts"][index]!, { config: { systemd } }));
    assert.deepEqual(guest(() => ({ imports: [web, other] })).faults, [
      'Units wait for each other: "b.service" after "c.target" after "b.service"; look at "after" and "before" of "systemd.services.b" in "web.ts", "systemd.targets.c" in "other.ts"',
    ]);
  });

  test("references that are no names of units, and settings that have other words", () => {
    const faults = faultsOf({
      services: {
        a: { wantedBy: ["multi-user"], serviceConfig: { Type: "onceshot", Restart: "yes", User: "a\nb" } },
      },
    });
    assert.equal(faults.length, 4);
    for (const [index, option] of ["wantedBy", "Type", "Restart", "User"].entries()) {
      assert.ok(
        faults.some((fault) => fault.includes(option)),
        `${index} ${option}: ${faults}`,
      );
    }
  });

  test("files that define a unit cannot be said", () => {
    assert.match(faultsOf({ services: { a: { definedIn: ["/etc/passwd"] } } })[0]!, /read-only/);
  });
});

test("a unit that is masked as well is warned of", () => {
  const { warnings, faults } = guest({ systemd: { services: { a: {} }, maskedUnits: ["a.service"] } });
  assert.deepEqual(faults, []);
  assert.deepEqual(warnings, [
    '"systemd.services.a" never starts: "systemd.maskedUnits" has "a.service"; "mkForce" replaces the whole list',
  ]);
});

test("settings merge as in NixOS: lists are joined, others must be equal", () => {
  const settings = (...each: object[]) =>
    guestConfig(...each.map((serviceConfig) => ({ systemd: { services: { a: { serviceConfig } } } }))).systemd
      .services.a!.serviceConfig;
  assert.deepEqual(settings({ ExecStartPre: "/a" }, { ExecStartPre: ["/b"] }).ExecStartPre, ["/a", "/b"]);
  assert.deepEqual(settings({ Nice: 5 }, { Nice: 5 }).Nice, 5);
  const { faults } = guest(
    ...[{ Nice: 5 }, { Nice: 6 }].map((serviceConfig) => ({
      systemd: { services: { a: { serviceConfig } } },
    })),
  );
  assert.match(faults[0]!, /Nice/);
});
