import assert from "node:assert/strict";
import { test } from "node:test";
import { DOCUMENTATION } from "../guest/debian-layer.ts";
import { guestConfig } from "../options/testing/evaluate.ts";
import { leftOut } from "./left-out.ts";

const of = (module: object) => leftOut(guestConfig(module));

const HARDWARE = ["/lib/udev/hwdb.d/*", "/usr/lib/udev/hwdb.d/*"];

test("documentation, translations and the hardware database are left out unless the guest is not to be small", () => {
  assert.deepEqual(of({}), {
    exclude: [...DOCUMENTATION.exclude, ...HARDWARE],
    include: [...DOCUMENTATION.include],
  });
  assert.deepEqual(of({ microvm: { optimize: { enable: false } } }), { exclude: [], include: [] });
});

test("what is asked for is there, and nothing beside it", () => {
  const { exclude } = of({ documentation: { man: { enable: true } } });
  assert.deepEqual(exclude, [
    ...DOCUMENTATION.exclude.filter((path) => path !== "/usr/share/man/*"),
    ...HARDWARE,
  ]);
  assert.deepEqual(of({ documentation: { enable: true } }).exclude, ["/usr/share/locale/*", ...HARDWARE]);
  const fat = of({ microvm: { optimize: { enable: false } }, documentation: { info: { enable: false } } });
  assert.deepEqual(fat.exclude, ["/usr/share/info/*"]);
});

test("translations of the guest's languages stay", () => {
  const { include } = of({ i18n: { defaultLocale: "de_AT.UTF-8", supportedLocales: ["de_DE.UTF-8/UTF-8"] } });
  assert.deepEqual(include, [
    ...DOCUMENTATION.include,
    "/usr/share/locale/de/*",
    "/usr/share/locale/de[_@]*",
  ]);
});

test("a guest with hardware of its own knows what it is called", () => {
  const { exclude } = of({ microvm: { devices: [{ bus: "pci", path: "0000:01:00.0" }] } });
  assert.deepEqual(exclude, DOCUMENTATION.exclude);
});
