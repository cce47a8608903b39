import assert from "node:assert/strict";
import { test } from "node:test";
import { EMPTY_LOCK, formatLock, type Lock, parseLock } from "./lock.ts";

const SHA256 = "0".repeat(64);
const REV = "0".repeat(40);
const DATE = "Sat, 12 Sep 2026 07:55:41 UTC";

const TEXT = `{
  "packageSets": {
    "debian/trixie/amd64/main": {
      "local": "${SHA256}",
      "packages": {
        "a": { "architecture": "amd64", "file": "pool/a.deb", "sha256": "${SHA256}", "size": 12, "version": "1" },
        "b": { "architecture": "amd64", "file": "b.deb", "repository": "local", "sha256": "${SHA256}", "size": 12, "version": "1" }
      },
      "releases": {
        "trixie": {
          "butAutomaticUpgrades": false,
          "byHash": true,
          "codename": "trixie",
          "date": "${DATE}",
          "indices": {
            "main": { "path": "main/binary-amd64/Packages.gz", "sha256": "${SHA256}", "size": 7, "text": "${SHA256}", "textSize": 9 }
          },
          "label": "Debian",
          "notAutomatic": false,
          "origin": "Debian",
          "sha256": "${SHA256}",
          "suite": "stable"
        }
      },
      "resolutions": {
        "k1": [
          "a"
        ],
        "k2": []
      }
    }
  },
  "references": {
    "git+https://example.org/r?ref=main": { "digest": "${SHA256}", "lastModified": 1790000000, "rev": "${REV}" },
    "git+ssh://git@example.org/r": {
      "digest": "${SHA256}",
      "packageSets": {
        "debian/trixie/amd64/main": {
          "packages": {},
          "releases": {},
          "resolutions": {}
        }
      },
      "rev": "${REV}"
    }
  },
  "version": 3
}
`;

test("a lock is read and written without change", () => {
  assert.equal(formatLock(parseLock(TEXT)), TEXT);
  assert.deepEqual(parseLock(formatLock(EMPTY_LOCK)), EMPTY_LOCK);
});

test("the order of keys in memory does not count", () => {
  const lock = parseLock(TEXT);
  const reversed = JSON.parse(JSON.stringify(lock), (_, value) =>
    typeof value === "object" && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).reverse())
      : value,
  ) as Lock;
  assert.equal(formatLock(reversed), TEXT);
});

test("what is wrong in a lock is said", () => {
  const inReference = 'reference "git+https://example.org/r?ref=main": ';
  const inSet = 'package set "debian/trixie/amd64/main": ';
  const changed = (from: string, to: string) => {
    assert.ok(TEXT.includes(from));
    return TEXT.replace(from, to);
  };
  const cases: readonly (readonly [string, string])[] = [
    ["[]", "it is no object"],
    [changed('"version": 3\n', '"version": 0\n'), "its version is 0, not 3"],
    [changed('"packageSets"', '"sets"'), 'it has the unknown field "sets"'],
    [changed(`"rev": "${REV}" }`, '"rev": "main" }'), `${inReference}its rev is no hash`],
    [
      changed('"lastModified": 1790000000', '"lastModified": "now"'),
      `${inReference}"lastModified" is no number of seconds`,
    ],
    [
      changed(`"digest": "${SHA256}", "last`, '"digest": "x", "last'),
      `${inReference}its digest is no SHA-256`,
    ],
    [changed('"lastModified"', '"time"'), `${inReference}it has the unknown field "time"`],
    [
      changed('"releases": {},', ""),
      'reference "git+ssh://git@example.org/r": package set "debian/trixie/amd64/main": "releases" is no object',
    ],
    [
      changed(',\n          "suite": "stable"', ""),
      `${inSet}release "trixie": it lacks a suite, a code name, an origin, a label, a date or a checksum`,
    ],
    [changed(DATE, "soon"), `${inSet}release "trixie": its date is "soon"`],
    [
      changed('"byHash": true', '"byHash": 1'),
      `${inSet}release "trixie": "byHash", "notAutomatic" or "butAutomaticUpgrades" is neither true nor false`,
    ],
    [
      changed('"main/binary', '"../binary'),
      `${inSet}release "trixie": index "main": it has no path below its suite`,
    ],
    [changed(`"local": "${SHA256}"`, '"local": "x"'), `${inSet}"local" is no SHA-256`],
    [changed(`"sha256": "${SHA256}"`, '"sha256": "x"'), `${inSet}package "a": its checksum is no SHA-256`],
    [changed('"size": 12', '"size": -1'), `${inSet}package "a": its size is no number of bytes`],
    [changed("pool/a.deb", "../x"), `${inSet}package "a": its file is "../x"`],
    [changed("pool/a.deb", "/etc/x"), `${inSet}package "a": its file is "/etc/x"`],
    [changed('"size": 12', '"size": 12, "md5": ""'), `${inSet}package "a": it has the unknown field "md5"`],
    [changed('"local": ', '"more": '), `${inSet}it has the unknown field "more"`],
    [changed('[\n          "a"', '[\n"c"'), `${inSet}resolution "k1" names "c", which is not locked`],
  ];
  for (const [text, fault] of cases) {
    assert.throws(() => parseLock(text), {
      code: "lock-invalid",
      message: `Cannot read the lock file "microvm.lock": ${fault}`,
    });
  }
  assert.throws(() => parseLock("{", "/p/microvm.lock"), {
    message: /^Cannot read the lock file "\/p\/microvm.lock": it is not JSON \(/,
  });
});

test("a lock of a later version is left alone", () => {
  assert.throws(() => parseLock(TEXT.replace('"version": 3\n', '"version": 4, "more": {}\n')), {
    code: "lock-invalid",
    message: 'The lock file "microvm.lock" is of version 4, and this program knows versions up to 3',
    hint: "Update microvm to the version that the others of this project use",
  });
});

test("a lock of version 2, which knew no references, is read as it is", () => {
  const { packageSets } = parseLock(TEXT);
  assert.deepEqual(parseLock(JSON.stringify({ version: 2, packageSets })), { ...EMPTY_LOCK, packageSets });
});

test("a lock of version 1 is read as what it means today", () => {
  const set = {
    release: { suite: "stable", codename: "trixie", date: DATE, sha256: SHA256 },
    packages: { a: { version: "1", architecture: "amd64", file: "pool/a.deb", size: 1, sha256: SHA256 } },
    resolutions: { k: ["a"] },
  };
  const sets = { "debian/trixie/amd64/main": set, "debian/sid/amd64/main": set };
  const { version, packageSets } = parseLock(JSON.stringify({ version: 1, packageSets: sets }));
  assert.equal(version, 3);
  assert.deepEqual(Object.keys(packageSets), [
    "debian/trixie+updates+security/amd64/main",
    "debian/sid/amd64/main",
  ]);
  const { releases, packages, resolutions } = packageSets["debian/trixie+updates+security/amd64/main"]!;
  assert.deepEqual([packages, resolutions], [set.packages, set.resolutions]);
  assert.deepEqual([releases.trixie!.date, releases.trixie!.indices], [DATE, {}]);
  assert.throws(() => parseLock(JSON.stringify({ version: 1, packageSets: { x: {} } })), {
    message: /: package set "x": "releases" is no object$/,
  });
});
