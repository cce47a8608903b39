import assert from "node:assert/strict";
import { test } from "node:test";
import { withFile } from "../../module-system/index.ts";
import { guest, guestConfig } from "../testing/evaluate.ts";
import { madeLocales } from "./i18n.ts";

// biome-ignore lint/suspicious/noExplicitAny: tests give wrong modules too
const faultsOf = (config: any) => guest(() => ({ imports: [withFile("web.ts", { config })] })).faults;

test("a locale that nobody knows is refused, with option and file", () => {
  for (const name of ["de_DE", "xx_YY.UTF-8", "de_DE.ISO-8859-1", "de_DE.UTF-8@nonsense", "../x.UTF-8"]) {
    assert.deepEqual(faultsOf({ i18n: { defaultLocale: name } }), [
      `The option "i18n.defaultLocale" must be of type "locale in UTF-8, such as "de_DE.UTF-8"", but is "${name}" in "web.ts"`,
    ]);
  }
  assert.match(
    faultsOf({ i18n: { supportedLocales: ["xx_YY.UTF-8/UTF-8"] } })[0]!,
    /"i18n\.supportedLocales.*web\.ts/,
  );
  assert.deepEqual(faultsOf({ i18n: { extraLocaleSettings: { TIME: "C" } } }), [
    '"i18n.extraLocaleSettings" has "TIME", which is no variable of locale(7)',
  ]);
});

test("locales are made from a package, those of the C library are not", () => {
  const plain = guestConfig({});
  assert.deepEqual([plain.environment.servicePackages, madeLocales(plain)], [[], []]);
  assert.equal(plain.environment.etc["locale.conf"], undefined);
  const german = guestConfig({
    i18n: {
      defaultLocale: "de_DE.UTF-8",
      extraLocaleSettings: { LC_TIME: "en_DK.UTF-8", LC_MESSAGES: "C.UTF-8" },
      supportedLocales: ["sr_RS.UTF-8@latin", "en_DK.UTF-8/UTF-8"],
    },
  });
  assert.deepEqual(german.environment.servicePackages, ["locales"]);
  assert.deepEqual(madeLocales(german), ["de_DE.UTF-8", "en_DK.UTF-8", "sr_RS.UTF-8@latin"]);
  assert.equal(
    german.environment.etc["default/locale"]!.text,
    "LANG=de_DE.UTF-8\nLC_TIME=en_DK.UTF-8\nLC_MESSAGES=C.UTF-8\n",
  );
});

test("the keyboard and the font of virtual terminals are set up Debian's way", () => {
  const { servicePackages, etc } = guestConfig({
    console: { keyMap: "de(nodeadkeys)", font: "Lat15-Terminus16.psf.gz" },
  }).environment;
  assert.deepEqual(servicePackages, ["console-setup", "kbd"]);
  assert.match(etc["default/keyboard"]!.text, /XKBLAYOUT="de"\nXKBVARIANT="nodeadkeys"\n/);
  assert.match(etc["default/console-setup"]!.text, /FONT="Lat15-Terminus16\.psf\.gz"\n/);
});

test("virtual terminals have their colours and more fonts, and a guest may have no login on its consoles", () => {
  const colors = ["0a1b2c", ...Array(15).fill("ffffff")];
  const { boot, environment, systemd } = guestConfig({
    console: { colors, packages: ["fonts-terminus-otb"], enable: false },
  });
  const rest = ",255".repeat(15);
  assert.deepEqual(boot.kernelParams, [
    `vt.default_red=10${rest}`,
    `vt.default_grn=27${rest}`,
    `vt.default_blu=44${rest}`,
  ]);
  assert.deepEqual(environment.servicePackages, ["fonts-terminus-otb"]);
  assert.ok(systemd.maskedUnits.includes("serial-getty@.service"));
  assert.ok(!guestConfig({}).systemd.maskedUnits.includes("serial-getty@.service"));
  assert.deepEqual(
    guest({ console: { enable: false }, services: { getty: { autologinUser: "root" } } }).faults,
    [
      '"services.getty.autologinUser" is "root", and "console.enable" is false: nobody can log in on a console',
    ],
  );
  assert.deepEqual(guest({ console: { colors: ["000000"] } }).faults, [
    '"console.colors" has 1 colours: give all 16, or none',
  ]);
});
