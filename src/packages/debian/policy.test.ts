import assert from "node:assert/strict";
import { test } from "node:test";
import { type IndexSource, openIndex } from "./package-index.ts";
import type { IndexPolicy, ReleaseInfo } from "./policy.ts";
import { packagesText, sourceOf } from "./testing/index-fixtures.ts";

function source(release: Partial<ReleaseInfo>, ...lines: readonly string[]): IndexSource {
  return sourceOf(packagesText(...lines), release, release.codename ?? "debian");
}

function versionOf(sources: readonly IndexSource[], name: string, policy: IndexPolicy = {}) {
  return openIndex(sources, "amd64", { policy }).get(name)?.version;
}

const STABLE = source({ codename: "trixie", suite: "stable" }, "a 1", "b 1");
const UPDATES = source({ codename: "trixie-updates" }, "a 2");
const BACKPORTS = source(
  { codename: "trixie-backports", notAutomatic: true, butAutomaticUpgrades: true },
  "a 3",
  "c 3",
);
const EXPERIMENTAL = source({ codename: "rc-buggy", notAutomatic: true }, "a 4", "c 4", "d 4");
const ALL = [STABLE, UPDATES, BACKPORTS, EXPERIMENTAL];

test("the highest version of sources with equal priority counts", () => {
  assert.equal(versionOf(ALL, "a"), "2");
  assert.equal(versionOf([UPDATES, STABLE], "a"), "2");
});

test("backports come after ordinary sources, and experimental ones last", () => {
  assert.equal(versionOf(ALL, "c"), "3");
  assert.equal(versionOf(ALL, "d"), "4");
});

test("a pin of whole sources sets their priority, and the first that matches counts", () => {
  const pins = [
    { packages: ["*"], codename: "rc-*", priority: 600 },
    { packages: ["*"], priority: 200 },
  ];
  assert.equal(versionOf(ALL, "a", { pins }), "4");
  assert.equal(versionOf(ALL, "b", { pins }), "1");
});

test("a pin matches by suite, code name and origin, and case does not count", () => {
  for (const where of [
    { suite: "STABLE" },
    { codename: "trixie" },
    { suite: "s[a-u]able", origin: "deb*" },
  ]) {
    assert.equal(
      versionOf([STABLE, source({ suite: "testing", codename: "forky" }, "a 9")], "a", {
        pins: [{ packages: ["a"], ...where, priority: 990 }],
      }),
      "1",
    );
  }
});

test("a pin of a version takes it from wherever it is, above a higher one", () => {
  const pins = [{ packages: ["?"], version: "1*", priority: 1001 }];
  assert.equal(versionOf(ALL, "a", { pins }), "1");
});

test("a pin of packages comes before one of sources", () => {
  const pins = [
    { packages: ["*"], codename: "rc-buggy", priority: 900 },
    { packages: ["a"], codename: "trixie", priority: 901 },
  ];
  assert.equal(versionOf(ALL, "a", { pins }), "1");
});

test("what is pinned to zero or below is never the candidate", () => {
  for (const priority of [0, -1]) {
    const pins = ["trixie", "trixie-updates"].map((codename) => ({ packages: ["a"], codename, priority }));
    assert.equal(versionOf(ALL, "a", { pins }), "3");
    assert.equal(versionOf([STABLE], "a", { pins }), undefined);
  }
});

test("a held package has exactly that version, wherever it is", () => {
  assert.equal(versionOf(ALL, "a", { hold: { a: "4" } }), "4");
  assert.equal(versionOf(ALL, "a", { hold: { a: "5" } }), undefined);
  assert.equal(versionOf(ALL, "a", { hold: { a: "1" }, pins: [{ packages: ["a"], priority: -1 }] }), "1");
});

test("a name of an object's own property is no hold", () => {
  assert.equal(versionOf([source({}, "constructor 1")], "constructor", { hold: {} }), "1");
});

test("a forbidden package is no candidate, even when it is held", () => {
  assert.equal(versionOf(ALL, "a", { forbid: ["a"], hold: { a: "1" } }), undefined);
  assert.equal(versionOf(ALL, "a", { forbid: ["[!b]"] }), undefined);
  assert.equal(versionOf(ALL, "b", { forbid: ["[!b]"] }), "1");
});

test("one version in two sources is one, with the higher of their priorities", () => {
  const both = [EXPERIMENTAL, source({ codename: "sid" }, "a 4", "a 3.5")];
  const found = openIndex(both, "amd64").get("a");
  assert.equal(found?.version, "4");
  assert.deepEqual(found?.sources, [0, 1]);
  assert.equal(found?.repository, "rc-buggy");
});

test("a glob with many stars takes no time that a person notices", () => {
  const pins = [{ packages: [`${"a*".repeat(200)}b`], priority: -1 }];
  assert.equal(versionOf([source({}, `${"a".repeat(800)} 1`)], "a".repeat(800), { pins }), "1");
});
