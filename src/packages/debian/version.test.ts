import assert from "node:assert/strict";
import { test } from "node:test";
import { compareVersions, versionSatisfies } from "./version.ts";

/** Each version is earlier than the next: facts of deb-version(7) and of dpkg's own tests. */
const ASCENDING = [
  ["1.0~~", "1.0~~a", "1.0~", "1.0", "1.0-1", "1.0-1+b1", "1.0-1.1", "1.0-2", "1.0a", "1.0+b1", "1.0.1"],
  ["1.2.9", "1.2.10", "1.10"],
  ["2.0-1", "1:0.5-1", "10:0.1"],
  ["1.0~rc1-1", "1.0-1~bpo1", "1.0-1"],
  ["0.9-1", "0.9-1ubuntu1", "0.9-2"],
  ["1-1", "1-1-1"],
] as const;

test("versions sort as dpkg sorts them", () => {
  for (const chain of ASCENDING) {
    for (const [index, earlier] of chain.entries()) {
      for (const later of chain.slice(index + 1)) {
        assert.ok(compareVersions(earlier, later) < 0, `${earlier} << ${later}`);
        assert.ok(compareVersions(later, earlier) > 0, `${later} >> ${earlier}`);
      }
    }
  }
});

test("versions that differ only in writing are equal", () => {
  for (const [a, b] of [
    ["1.0", "1.00"],
    ["0:1.0", "1.0"],
    ["1.0-0", "1.0"],
    ["1.0-01", "1.0-1"],
    ["1.0", "1.0"],
  ] as const) {
    assert.equal(compareVersions(a, b), 0, `${a} = ${b}`);
  }
});

test("long runs of digits do not lose precision", () => {
  assert.ok(compareVersions("20250520123456789012345", "20250520123456789012346") < 0);
});

test("operators mean what deb-control says", () => {
  assert.deepEqual(
    (["<<", "<=", "=", ">=", ">>"] as const).map((operator) => versionSatisfies("1.0", operator, "1.0")),
    [false, true, true, true, false],
  );
});
