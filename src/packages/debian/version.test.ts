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

/** A part of a version as a list of numbers that is compared element by element: what deb-version(7) says. */
function modelOf(part: string): readonly bigint[] {
  const key: bigint[] = [];
  for (const [, text, digits] of part.matchAll(/([^0-9]*)([0-9]*)/g)) {
    for (const character of text!) {
      const isLetter = /[A-Za-z]/.test(character);
      key.push(character === "~" ? -1n : BigInt(character.charCodeAt(0)) + (isLetter ? 0n : 256n));
    }
    // The end of a run of other characters comes after a tilde and before all else.
    key.push(0n, BigInt(digits === "" ? "0" : digits!));
  }
  return key;
}

function compareModels(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => {
    const [, epoch = "0", upstream = "", revision = "0"] =
      /^(?:(\d+):)?(.*?)(?:-([^-]*))?$/.exec(version) ?? [];
    return [[BigInt(epoch)], modelOf(upstream), modelOf(revision)];
  });
  for (const [index, part] of left!.entries()) {
    const other = right![index]!;
    for (let at = 0; at < Math.max(part.length, other.length); at++) {
      const difference = (part[at] ?? 0n) - (other[at] ?? 0n);
      if (difference !== 0n) return difference < 0n ? -1 : 1;
    }
  }
  return 0;
}

test("versions at random are ordered as the model orders them, and in one way only", () => {
  let state = 1;
  const below = (limit: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  const make = () => {
    const text = Array.from({ length: 1 + below(7) }, () => "0019az~~.+-A"[below(12)]).join("");
    return `${below(4) === 0 ? `${below(3)}:` : ""}${below(10)}${text}`;
  };
  for (let round = 0; round < 20_000; round++) {
    const [a, b, c] = [make(), make(), make()];
    const order = Math.sign(compareVersions(a, b));
    assert.equal(order, compareModels(a, b), `${a} and ${b}`);
    assert.equal(order, -Math.sign(compareVersions(b, a)) || 0, `${b} and ${a}`);
    if (order <= 0 && compareVersions(b, c) <= 0) assert.ok(compareVersions(a, c) <= 0, `${a}, ${b}, ${c}`);
  }
});
