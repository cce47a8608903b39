import assert from "node:assert/strict";
import { test } from "node:test";
import { packageSet } from "../../options/package-set.ts";
import { asPackageSet, type DebianOptions, debian, ubuntu } from "./package-set.ts";
import { packageSetKey } from "./package-set-key.ts";

const base = { suite: "trixie", architecture: "amd64" };
const docker = { mirror: "https://r.example/docker/", suite: "trixie", keyring: "./docker.asc" };

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
    updates: true,
    security: true,
    extraSuites: [],
    snapshot: null,
    keyring: null,
    checkValidUntil: true,
    repositories: {},
    packages: [],
    pins: [],
    hold: [],
    forbid: [],
    recommends: false,
    fallbackMirrors: [],
  });
  assert.ok(Object.isFrozen(set) && Object.isFrozen(set.components));
  const { repositories } = debian({ ...base, repositories: { docker } });
  assert.ok(Object.isFrozen(repositories.docker!.components));
});

test("one address and a list of one are the same, slashes at the end do not count", () => {
  const set = debian({ ...base, mirror: "https://a.example/debian/", repositories: { docker } });
  assert.deepEqual(set, debian({ ...base, mirror: ["https://a.example/debian"], repositories: { docker } }));
  assert.deepEqual(set.repositories.docker, {
    mirror: ["https://r.example/docker"],
    suite: "trixie",
    components: ["main"],
    keyring: "./docker.asc",
  });
});

test("a set that went through JSON is checked again, and is the same", () => {
  const full: DebianOptions = {
    ...base,
    mirror: ["https://a.example/debian", "http://b.example/debian"],
    security: "https://a.example/debian-security",
    extraSuites: ["trixie-backports"],
    keyring: "./own.asc",
    repositories: { docker, flat: { ...docker, suite: "./" } },
    packages: ["./a.deb", "./debs/"],
    pins: [{ packages: "nginx*", suite: "trixie-backports", priority: 990 }],
    hold: ["nginx"],
    forbid: ["snapd"],
    recommends: true,
    fallbackMirrors: ["https://s.example/archive/debian"],
  };
  for (const set of [debian(full), ubuntu({ ...base, suite: "noble" }), debian(base)]) {
    const again = JSON.parse(JSON.stringify(set));
    assert.deepEqual(asPackageSet(again), set);
    assert.ok(packageSet.check(again));
  }
  assert.throws(() => asPackageSet({ type: "gentoo" }), {
    code: "config-invalid",
    message: 'Not a package set: {"type":"gentoo"}',
  });
  assert.throws(() => asPackageSet({ ...debian(base), mirror: ["gopher://x"] }), {
    message: 'debian(): "mirror" must be an http, https or file address, not "gopher://x"',
  });
});

test("what is no package set is none for an option either", () => {
  const set = debian({ ...base, repositories: { docker }, pins: [{ packages: ["a"], priority: 1 }] });
  const wrong = [
    null,
    "trixie",
    { ...set, type: "gentoo" },
    { ...set, mirror: "https://a.example/debian" },
    { ...set, security: null },
    { ...set, more: 1 },
    { ...set, repositories: { docker: { ...set.repositories.docker, keyring: null } } },
    { ...set, pins: [{ packages: ["a"] }] },
    { ...set, updates: undefined },
  ];
  for (const value of wrong) assert.ok(!packageSet.check(value), JSON.stringify(value));
});

test("updates are taken of the distribution's own released suites, unless a person says otherwise", () => {
  const of = ({ updates, security }: { updates: boolean; security: unknown }) => [updates, security];
  assert.deepEqual(of(debian(base)), [true, true]);
  assert.deepEqual(of(debian({ ...base, suite: "sid" })), [false, false]);
  assert.deepEqual(of(debian({ ...base, keyring: "./own.asc" })), [false, false]);
  assert.deepEqual(of(debian({ ...base, updates: false, security: false })), [false, false]);
  assert.deepEqual(of(debian({ ...base, keyring: "./own.asc", security: true })), [false, true]);
  assert.deepEqual(of(ubuntu({ ...base, suite: "noble" })), [true, true]);
  assert.deepEqual(of(ubuntu({ ...base, suite: "noble-updates" })), [false, false]);
});

test("Ubuntu's components are main and universe, and its errors bear its name", () => {
  assert.deepEqual(ubuntu({ ...base, suite: "noble" }).components, ["main", "universe"]);
  assert.throws(() => ubuntu({ ...base, suite: "" }), {
    message: 'ubuntu(): "suite" must be the name of a suite, for example "trixie", not ""',
  });
});

test("the key names what decides the packages, and not where they come from", () => {
  const key = (options: object) => packageSetKey(debian({ ...base, ...options }));
  const plain = key({});
  assert.equal(plain, "debian/trixie+updates+security/amd64/main");
  assert.equal(key({ updates: false, security: false }), "debian/trixie/amd64/main");
  const same = [
    { mirror: "https://MIRROR/debian/" },
    { security: "https://MIRROR/debian-security" },
    { hold: ["nginx"] },
    { checkValidUntil: false },
    { recommends: true },
    { fallbackMirrors: ["https://MIRROR/archive"] },
  ];
  for (const options of same) assert.equal(key(options), plain, JSON.stringify(options));
  const mirror = "https://MIRROR/archive/debian";
  const names = {
    "debian/trixie+updates+security/amd64/main+non-free-firmware": {
      components: ["non-free-firmware", "main"],
    },
    "debian/trixie+updates+security/amd64/main@20250520T000000Z": { mirror, snapshot: "20250520T000000Z" },
    "debian/trixie+updates+security+backports+sid/amd64/main": { extraSuites: ["sid", "trixie-backports"] },
    "debian/sid/amd64/main": { suite: "sid" },
  };
  for (const [name, options] of Object.entries(names)) assert.equal(key(options), name);
});

test("the key tells keyrings, repositories, local packages, pins and prohibitions apart", () => {
  const key = (options: object) =>
    packageSetKey(debian({ ...base, updates: true, security: true, ...options }));
  const pins = [{ packages: ["a"], priority: 1 }];
  const keys = [
    {},
    { keyring: "./a.asc" },
    { keyring: "./b.asc" },
    { repositories: { docker } },
    { repositories: { other: docker } },
    { repositories: { docker: { ...docker, keyring: "./b.asc" } } },
    { repositories: { docker: { ...docker, components: ["stable"] } } },
    { packages: ["./a.deb"] },
    { pins },
    { pins: [{ ...pins[0], priority: 2 }] },
    { forbid: ["a"] },
  ].map(key);
  assert.equal(new Set(keys).size, keys.length);
  for (const one of keys.slice(1)) {
    assert.match(one, /^debian\/trixie\+updates\+security\/amd64\/main#[0-9a-f]{8}$/);
  }
  const elsewhere = { docker: { ...docker, mirror: ["https://other.example/docker"] } };
  assert.equal(key({ repositories: elsewhere }), key({ repositories: { docker } }));
});

test("wrong arguments are named with what they should be", () => {
  const cases: readonly (readonly [object, string])[] = [
    [{ ...base, suite: "" }, '"suite" must be the name of a suite, for example "trixie", not ""'],
    [
      { suite: "trixie" },
      '"architecture" must be one of amd64, arm64, armel, armhf, i386, loong64, mips64el, ppc64el, riscv64, s390x',
    ],
    [
      { ...base, components: [] },
      '"components" must be a list of component names, for example ["main"], not []',
    ],
    [{ ...base, mirror: "MIRROR" }, '"mirror" must be an http, https or file address, not "MIRROR"'],
    [{ ...base, mirror: [] }, '"mirror" must be an http, https or file address, not []'],
    [
      { ...base, mirror: ["https://a.example", "ftp://a.example"] },
      '"mirror" must be an http, https or file address, not "ftp://a.example"',
    ],
    [{ ...base, security: "no" }, '"security" must be an http, https or file address, not "no"'],
    [{ ...base, updates: "yes" }, '"updates" must be true or false, not "yes"'],
    [
      { ...base, extraSuites: "sid" },
      '"extraSuites" must be a list of suites, for example ["trixie-backports"], not "sid"',
    ],
    [{ ...base, snapshot: "2025" }, '"snapshot" must be a time like "20250520T000000Z", not "2025"'],
    [{ ...base, snapshot: "20250520T000000Z" }, '"snapshot" needs "mirror"'],
    [{ ...base, keyring: 1 }, '"keyring" must be the path of a keyring or an armored public key, not 1'],
    [
      { ...base, sute: "trixie" },
      '"sute" must be one of the options suite, architecture, components, mirror, updates, security, extraSuites, snapshot, keyring, checkValidUntil, repositories, packages, pins, hold, forbid, recommends, fallbackMirrors',
    ],
    [{ ...base, repositories: [] }, '"repositories" must be an object of repositories by name, not []'],
    [
      { ...base, repositories: { main: docker } },
      '"repositories.main" must be named in small letters, and none of main, security, local',
    ],
    [
      { ...base, repositories: { x: { mirror: "https://a.example", suite: "x" } } },
      '"repositories.x.keyring" must be the path of a keyring or an armored public key',
    ],
    [
      { ...base, repositories: { x: { ...docker, suite: "../x/" } } },
      '"repositories.x.suite" must be the name of a suite, for example "trixie", or a path with a slash at its end, not "../x/"',
    ],
    [
      { ...base, repositories: { x: { ...docker, suite: "./", components: ["main"] } } },
      '"repositories.x.components" must be left out when the suite is a path, not ["main"]',
    ],
    [
      { ...base, repositories: { x: { ...docker, signedBy: "k" } } },
      '"repositories.x.signedBy" must be one of the options mirror, suite, components, keyring',
    ],
    [
      { ...base, packages: ["/etc/my.deb"] },
      '"packages" must be a list of paths below the project\'s directory, for example ["./my.deb", "./debs/"], not ["/etc/my.deb"]',
    ],
    [
      { ...base, packages: ["./a/../../my.deb"] },
      '"packages" must be a list of paths below the project\'s directory, for example ["./my.deb", "./debs/"], not ["./a/../../my.deb"]',
    ],
    [
      { ...base, pins: [{ packages: ["a"] }] },
      '"pins[0].priority" must be a whole number from -32767 to 32767, not 0',
    ],
    [
      { ...base, pins: [{ packages: ["a"], priority: 1, origin: 2 }] },
      '"pins[0].origin" must be a text, not 2',
    ],
    [
      { ...base, pins: [{ packages: ["A b"], priority: 1 }] },
      '"pins[0].packages" must be a list of package names, which may have "*" and "?", not ["A b"]',
    ],
    [{ ...base, hold: ["ngin*"] }, '"hold" must be a list of package names, not ["ngin*"]'],
  ];
  for (const [options, message] of cases) assert.equal(messageOfCall(options), `debian(): ${message}`);
});

test("the kernel's name of an architecture is recognised", () => {
  assert.throws(() => debian({ ...base, architecture: "x86_64" }), { hint: 'Did you mean "amd64"?' });
});
