import assert from "node:assert/strict";
import { test } from "node:test";
import { resolve } from "./resolver.ts";
import { indexOf } from "./testing/index-fixtures.ts";

function namesOf(index: ReturnType<typeof indexOf>, wanted: readonly string[], options = {}): string {
  return resolve(index, wanted, { essential: false, ...options })
    .map((one) => one.name)
    .join(" ");
}

test("dependencies come before their dependents", () => {
  const index = indexOf("a; Depends: b, c", "b; Pre-Depends: d", "c; Depends: d", "d", "unrelated");
  assert.equal(namesOf(index, ["a"]), "d b c a");
});

test("a cycle is installed as a whole", () => {
  assert.equal(namesOf(indexOf("a; Depends: b", "b; Depends: a"), ["a"]), "b a");
});

test("essential packages are included when asked for", () => {
  const index = indexOf("base; Essential: yes; Depends: libc", "libc", "a");
  assert.equal(namesOf(index, ["a"], { essential: true }), "libc base a");
  assert.equal(namesOf(index, ["a"]), "a");
});

test("the first alternative is taken", () => {
  assert.equal(namesOf(indexOf("a; Depends: b | c", "b", "c"), ["a"]), "b a");
});

test("an alternative that is there for another reason is enough", () => {
  const index = indexOf("a; Depends: b | c, d", "b", "c", "d; Depends: c");
  assert.equal(namesOf(index, ["a"]), "c d a");
  assert.equal(namesOf(index, ["a", "c"]), "c d a");
});

test("an alternative that cannot be had is passed over", () => {
  assert.equal(namesOf(indexOf("a; Depends: gone | b (>= 2) | c", "b 1", "c"), ["a"]), "c a");
});

test("a choice that leads nowhere is made differently", () => {
  const index = indexOf(
    "a; Depends: b | c, d",
    "b; Depends: e",
    "c",
    "d; Conflicts: e",
    "e; Depends: f",
    "f",
  );
  assert.equal(namesOf(index, ["a"]), "c d a");
});

test("a real package is preferred to one that provides its name", () => {
  assert.equal(namesOf(indexOf("a; Depends: b", "aa; Provides: b", "b"), ["a"]), "b a");
});

test("among providers the priority decides, then the archive's order", () => {
  const index = indexOf(
    "a; Depends: mta",
    "x; Provides: mta; Priority: optional",
    "y; Provides: mta; Priority: standard",
    "z; Provides: mta; Priority: standard",
  );
  assert.equal(namesOf(index, ["a"]), "y a");
});

test("a versioned need is met by a versioned provision only", () => {
  const index = indexOf(
    "a; Depends: v (>= 2)",
    "x; Provides: v",
    "y; Provides: v (= 1)",
    "z; Provides: v (= 2)",
  );
  assert.equal(namesOf(index, ["a"]), "z a");
});

test("what is installed below counts and is not part of the result", () => {
  const index = indexOf("a; Depends: b, c", "b; Depends: d", "c", "d");
  assert.equal(namesOf(index, ["a"], { installed: ["b", "d"] }), "c a");
});

test("recommendations are taken when asked for, unless they cannot be had", () => {
  const index = indexOf("a; Recommends: b, gone, c", "b", "c; Conflicts: a");
  assert.equal(namesOf(index, ["a"]), "a");
  assert.equal(namesOf(index, ["a"], { recommends: true }), "a b");
});

test("a package may conflict with the name that it provides itself", () => {
  assert.equal(namesOf(indexOf("a; Provides: mta; Conflicts: mta"), ["a"]), "a");
});

test("the newest of several versions counts", () => {
  const [one] = resolve(indexOf("a 1.9", "a 1.10", "a 1.2"), ["a"], { essential: false });
  assert.equal(one?.version, "1.10");
});

test("an unknown package is an error with near names", () => {
  assert.throws(() => resolve(indexOf("nginx", "nginx-light", "ngircd"), ["ngnix"], { essential: false }), {
    code: "package-not-found",
    message: 'Package "ngnix" is not in the package set',
    hint: 'Did you mean "nginx"?',
  });
});

test("a virtual package of several providers is for the person to choose", () => {
  const index = indexOf("x; Provides: mta", "y; Provides: mta");
  assert.throws(() => resolve(index, ["mta"], { essential: false }), {
    code: "package-not-found",
    message: 'Package "mta" is a virtual one, provided by several',
    hint: 'Ask for one of "x", "y"',
  });
});

test("a missing dependency is explained", () => {
  const label = "debian/trixie/amd64/main";
  assert.throws(
    () => resolve(indexOf("a; Depends: b", "b; Depends: gone"), ["a"], { essential: false, label }),
    {
      code: "package-unsatisfiable",
      message: 'Cannot install "a": "b" needs "gone", which is not in debian/trixie/amd64/main',
      hint: '"a" needs "b". Ask for other packages, or use another suite',
    },
  );
});

test("a version that is not there is explained", () => {
  assert.throws(() => resolve(indexOf("a; Depends: b (>= 2)", "b 1"), ["a"], { essential: false }), {
    message: 'Cannot install "a": "a" needs "b (>= 2)", but the package set has "b" 1',
  });
});

test("a conflict is explained with who brought both", () => {
  const index = indexOf("a; Depends: x", "b; Depends: y", "x; Conflicts: y (<< 3)", "y 2");
  assert.throws(() => resolve(index, ["a", "b"], { essential: false }), {
    message: 'Cannot install "b": "b" needs "y", but "x" conflicts with "y (<< 3)"',
    hint: '"a" needs "x". Ask for other packages, or use another suite',
  });
});

test("a broken package is explained", () => {
  const index = indexOf("a", "b; Breaks: a (<= 1)");
  assert.throws(() => resolve(index, ["a", "b"], { essential: false }), {
    message: 'Cannot install "b": "b" breaks "a (<= 1)"',
  });
});
