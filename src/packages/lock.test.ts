import assert from "node:assert/strict";
import { test } from "node:test";
import { EMPTY_LOCK, formatLock, type Lock, parseLock } from "./lock.ts";

const SHA256 = "0".repeat(64);

const TEXT = `{
  "packageSets": {
    "debian/trixie/amd64/main": {
      "packages": {
        "a": { "architecture": "amd64", "file": "pool/a.deb", "sha256": "${SHA256}", "size": 12, "version": "1" }
      },
      "release": { "codename": "trixie", "date": "D", "sha256": "${SHA256}", "suite": "stable" },
      "resolutions": {
        "k1": [
          "a"
        ],
        "k2": []
      }
    }
  },
  "version": 1
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
  const inSet = 'package set "debian/trixie/amd64/main": ';
  const changed = (from: string, to: string) => {
    assert.ok(TEXT.includes(from));
    return TEXT.replace(from, to);
  };
  const cases: readonly (readonly [string, string])[] = [
    ["[]", "it is no object"],
    [changed('"version": 1\n', '"version": 2\n'), "its version is 2, not 1"],
    [changed('"packageSets"', '"sets"'), '"packageSets" is no object'],
    [
      changed(', "suite": "stable"', ""),
      `${inSet}"release" lacks a suite, a code name, a date or a checksum`,
    ],
    [changed(SHA256, "x"), `${inSet}package "a": its checksum is no SHA-256`],
    [changed('"size": 12', '"size": -1'), `${inSet}package "a": its size is no number of bytes`],
    [changed("pool/a.deb", "../x"), `${inSet}package "a": its file is "../x"`],
    [changed('[\n          "a"', '[\n"b"'), `${inSet}resolution "k1" names "b", which is not locked`],
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
