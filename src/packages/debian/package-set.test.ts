import assert from "node:assert/strict";
import { test } from "node:test";
import { type DebianOptions, debian, packageSetKey } from "./package-set.ts";

const base = { suite: "trixie", architecture: "amd64" };

function messageOfCall(options: object): string {
  try {
    debian(options as DebianOptions);
  } catch (error) {
    return (error as Error).message;
  }
  return "no error";
}

test("a package set is frozen plain data", () => {
  const set = debian(base);
  assert.deepEqual(JSON.parse(JSON.stringify(set)), {
    type: "debian",
    suite: "trixie",
    architecture: "amd64",
    components: ["main"],
    mirror: null,
    snapshot: null,
    keyring: null,
  });
  assert.ok(Object.isFrozen(set) && Object.isFrozen(set.components));
});

test("the key names what decides the packages, and not the mirror", () => {
  const components = ["non-free-firmware", "main"];
  const set = debian({ ...base, components, mirror: "https://MIRROR/debian/" });
  assert.equal(packageSetKey(set), "debian/trixie/amd64/main+non-free-firmware");
  const snapshot = debian({ ...base, mirror: "https://MIRROR/archive/debian", snapshot: "20250520T000000Z" });
  assert.equal(packageSetKey(snapshot), "debian/trixie/amd64/main@20250520T000000Z");
});

test("wrong arguments are named with what they should be", () => {
  const cases: readonly (readonly [object, string])[] = [
    [{ ...base, suite: "" }, 'debian(): "suite" must be the name of a suite, for example "trixie", not ""'],
    [
      { suite: "trixie" },
      'debian(): "architecture" must be one of amd64, arm64, armel, armhf, i386, loong64, mips64el, ppc64el, riscv64, s390x',
    ],
    [
      { ...base, components: [] },
      'debian(): "components" must be a list of component names, for example ["main"], not []',
    ],
    [
      { ...base, mirror: "MIRROR" },
      'debian(): "mirror" must be an http, https or file address, not "MIRROR"',
    ],
    [
      { ...base, snapshot: "2025" },
      'debian(): "snapshot" must be a time like "20250520T000000Z", not "2025"',
    ],
    [{ ...base, snapshot: "20250520T000000Z" }, 'debian(): "snapshot" needs "mirror"'],
    [
      { ...base, keyring: 1 },
      'debian(): "keyring" must be the path of a keyring or an armored public key, not 1',
    ],
    [
      { ...base, sute: "trixie" },
      'debian(): "sute" must be one of the options suite, architecture, components, mirror, snapshot, keyring',
    ],
  ];
  for (const [options, message] of cases) assert.equal(messageOfCall(options), message);
});

test("the kernel's name of an architecture is recognised", () => {
  assert.throws(() => debian({ ...base, architecture: "x86_64" }), { hint: 'Did you mean "amd64"?' });
});
