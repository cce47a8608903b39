import assert from "node:assert/strict";
import { test } from "node:test";
import { resolve } from "./resolver.ts";
import { indexOf, indexWith } from "./testing/index-fixtures.ts";

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

test("an alternative that is there already, or asked for, is enough", () => {
  const index = indexOf("a; Depends: d, b | c", "b", "c", "d; Depends: c");
  assert.equal(namesOf(index, ["a"]), "c d a");
  assert.equal(namesOf(indexOf("a; Depends: b | c", "b", "c"), ["a", "c"]), "c a");
});

test("what comes later does not count when an alternative is chosen, as with apt", () => {
  assert.equal(namesOf(indexOf("a; Depends: b | c, d", "b", "c", "d; Depends: c"), ["a"]), "b c d a");
});

test("Pre-Depends are looked at first", () => {
  const index = indexOf("a; Depends: b | c; Pre-Depends: c", "b", "c");
  assert.equal(namesOf(index, ["a"]), "c a");
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

test("among providers the priority decides, then who was mentioned latest", () => {
  const index = indexOf(
    "a; Depends: mta",
    "x; Provides: mta; Priority: optional",
    "y; Provides: mta; Priority: standard",
    "z; Provides: mta; Priority: standard",
  );
  assert.equal(namesOf(index, ["a"]), "z a");
  const mentioned = indexOf("a; Depends: mta; Suggests: z", "y; Provides: mta", "z; Provides: mta");
  assert.equal(namesOf(mentioned, ["a"]), "y a");
});

test("an essential provider comes before others", () => {
  const index = indexOf(
    "a; Depends: awk",
    "x; Provides: awk; Essential: yes; Priority: extra",
    "y; Provides: awk; Priority: required",
  );
  assert.equal(namesOf(index, ["a"]), "x a");
});

test("what is provided with another relation than equality is not provided", () => {
  const index = indexOf("a; Depends: v (>= 2) | c", "x; Provides: v (>= 2)", "c");
  assert.equal(namesOf(index, ["a"]), "c a");
});

test("a dependency for any architecture is met only by packages that allow it", () => {
  const index = indexOf("a; Depends: b:any | c", "b", "c");
  assert.equal(namesOf(index, ["a"]), "c a");
  const allowed = indexOf("a; Depends: b:any (>= 1) | c", "b 1; Multi-Arch: allowed", "c");
  assert.equal(namesOf(allowed, ["a"]), "b a");
  const foreign = indexOf("a; Depends: b:any | c", "b; Multi-Arch: foreign", "c");
  assert.equal(namesOf(foreign, ["a"]), "c a");
});

test("what an allowed package provides counts for any architecture too", () => {
  const index = indexOf("a; Depends: v:any", "b; Multi-Arch: allowed; Provides: v", "c; Provides: v");
  assert.equal(namesOf(index, ["a"]), "b a");
});

test("a dependency of the native architecture, or of this one by name, is a plain one", () => {
  assert.equal(
    namesOf(indexOf("a; Depends: b:native, c:amd64", "b", "c; Architecture: all"), ["a"]),
    "b c a",
  );
});

test("a package of another architecture is never there", () => {
  assert.equal(namesOf(indexOf("a; Depends: b:i386 | c", "b", "c"), ["a"]), "c a");
  assert.equal(namesOf(indexOf("a; Conflicts: b:i386; Depends: b", "b"), ["a"]), "b a");
});

test("what was marked for something that is given up is left out again", () => {
  const index = indexOf(
    "a; Depends: b | c",
    "b; Depends: d, e",
    "c",
    "d",
    "e; Depends: f",
    "f; Depends: gone",
  );
  assert.equal(namesOf(index, ["a"]), "c a");
});

test("of two that conflict the less important one gives way", () => {
  const index = indexOf(
    "a; Recommends: x",
    "b; Depends: y",
    "c; Depends: y",
    "x; Priority: optional",
    "y; Conflicts: x; Priority: important",
  );
  assert.equal(namesOf(index, ["a", "b", "c"], { recommends: true }), "a y b c");
});

test("what conflicts with a wish is never chosen", () => {
  const index = indexOf("a; Conflicts: x", "b; Depends: x | y", "x", "y");
  assert.equal(namesOf(index, ["a", "b"]), "a y b");
});

test("a package below stays, whatever conflicts with it", () => {
  const index = indexOf("a; Depends: x | y", "b", "x; Conflicts: b", "y");
  assert.equal(namesOf(index, ["a"], { installed: ["b"] }), "y a");
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
    message: 'Cannot install "a": "a" needs "b (>= 2)", but "b" has version 1 in the package set',
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
    message: 'Cannot install "a": "b" breaks "a (<= 1)"',
    hint: "Ask for other packages, or use another suite",
  });
});

test("a conflict over a virtual name says who provides it", () => {
  const index = indexOf("a; Conflicts: mta", "b; Depends: x", "x; Provides: mta");
  assert.throws(() => resolve(index, ["a", "b"], { essential: false }), {
    message: 'Cannot install "b": "b" needs "x", but "a" conflicts with "mta" ("x")',
  });
});

test("every alternative's conflict is told", () => {
  const index = indexOf("a; Conflicts: x, y", "b; Depends: x | y", "x", "y");
  assert.throws(() => resolve(index, ["a", "b"], { essential: false }), {
    message: 'Cannot install "b": "b" needs "x | y", but "a" conflicts with "x"; "a" conflicts with "y"',
  });
});

test("alternatives that each fail for what others need are told as what they are", () => {
  const index = indexOf(
    "a; Depends: e | d",
    "b; Conflicts: d",
    "c; Conflicts: e",
    "d; Depends: c | e",
    "e; Depends: d | c; Conflicts: d",
  );
  assert.throws(() => resolve(index, ["a", "b"], { essential: false }), {
    code: "package-unsatisfiable",
    message: 'Cannot install "a": "a" needs "e | d", which does not go together with the rest',
  });
});

test("the whole chain from the wish is told", () => {
  const index = indexOf("a; Depends: b", "b; Depends: c", "c; Depends: d (= 2)", "d 1");
  assert.throws(() => resolve(index, ["a"], { essential: false }), {
    message: 'Cannot install "a": "c" needs "d (= 2)", but "d" has version 1 in the package set',
    hint: '"a" needs "b" needs "c". Ask for other packages, or use another suite',
  });
});

test("a forbidden, a held and a pinned package are named as what they are", () => {
  const lines = ["a; Depends: b (>= 2)", "b 1", "b 2"];
  const needs = 'Cannot install "a": "a" needs "b (>= 2)", but "b"';
  for (const [policy, why] of [
    [{ forbid: ["b*"] }, "is forbidden"],
    [{ hold: { b: "1" } }, "is held at 1"],
    [{ hold: { b: "3" } }, "is held at 3, which is not in the package set"],
    [{ pins: [{ packages: ["b"], priority: -1 }] }, "has no version whose priority is above zero"],
    [{ pins: [{ packages: ["b"], version: "1*", priority: 900 }] }, "has version 1 in the package set"],
  ] as const) {
    const index = indexWith({ policy }, ...lines);
    assert.throws(() => resolve(index, ["a"], { essential: false }), {
      code: "package-unsatisfiable",
      message: `${needs} ${why}`,
    });
  }
});

test("a forbidden package that was asked for is an error", () => {
  assert.throws(() => resolve(indexWith({ policy: { forbid: ["b"] } }, "b"), ["b"], { essential: false }), {
    code: "package-unsatisfiable",
    message: 'Cannot install "b": it is forbidden',
  });
});

test("a chain of dependencies may be nine hundred long, and a longer one is no crash", () => {
  const chain = (length: number) =>
    Array.from({ length }, (_, at) => (at + 1 < length ? `p${at}; Depends: p${at + 1}` : `p${at}`));
  assert.equal(resolve(indexOf(...chain(900)), ["p0"], { essential: false }).length, 900);
  assert.throws(() => resolve(indexOf(...chain(10_000)), ["p0"], { essential: false }), {
    code: "package-unsatisfiable",
  });
});
