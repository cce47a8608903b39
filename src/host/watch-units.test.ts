import assert from "node:assert/strict";
import { test } from "node:test";
import { syntaxFaults } from "../os/testing/programs.ts";
import type { UnitSettings } from "./host-units.ts";
import { watchTexts } from "./watch-units.ts";

const settings: UnitSettings = {
  ...{ stateDirectory: "/var/50% vms", storeDirectory: "/store", startupTimeout: 9 },
  scope: "system",
};

test("a guest is asked by the VM's user, and restarted by root's one line", () => {
  const texts = watchTexts({ name: "web", user: "microvm-web" }, 300, settings);
  assert.deepEqual(Object.keys(texts), ["microvm-alive@web.timer", "microvm-alive@web.service"]);
  const service = texts["microvm-alive@web.service"]!;
  assert.match(service, /^ExecStart="\/var\/50%% vms\/web\/booted\/bin\/microvm-alive" 300$/m);
  assert.match(service, /^User=microvm-web$/m);
  assert.doesNotMatch(service, /DeviceAllow/);
  const [, line] = /^ExecStopPost=\+\/bin\/sh -c "(.*)"$/m.exec(service)!;
  assert.equal(syntaxFaults(line!.replaceAll("$$", "$").replaceAll('\\"', '"')), "");
  assert.match(texts["microvm-alive@web.timer"]!, /^PartOf=microvm@web\.service$/m);
});

test("the questions come often enough for the seconds that are allowed, and in a user's own systemd", () => {
  const pause = (seconds: number) =>
    /^OnUnitInactiveSec=(\d+)$/m.exec(
      watchTexts({ name: "a", user: null }, seconds, { ...settings, scope: "user" })[
        "microvm-alive@a.timer"
      ]!,
    )![1];
  assert.deepEqual([1, 15, 3600].map(pause), ["1", "5", "30"]);
  const text = watchTexts({ name: "a", user: null }, 9, { ...settings, scope: "user" })[
    "microvm-alive@a.service"
  ]!;
  assert.match(text, /systemctl --user --no-block try-restart microvm@a\.service/);
  assert.doesNotMatch(text, /^(User|ProtectSystem)=/m);
});
