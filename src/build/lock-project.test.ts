import assert from "node:assert/strict";
import { test } from "node:test";
import { matchingSets } from "./lock-project.ts";

const SETS = [
  "debian/trixie+updates+security/amd64/main",
  "debian/trixie+updates+security/arm64/main#0a1b2c3d",
  "ubuntu/noble+updates+security/amd64/main+universe",
];

test("a package set is meant by its name, or by the beginning of it", () => {
  const [amd64, arm64, noble] = SETS as [string, string, string];
  const cases: readonly (readonly [string | undefined, readonly string[]])[] = [
    [undefined, SETS],
    [amd64, [amd64]],
    ["debian/trixie+updates+security/arm64/main", [arm64]],
    ["trixie", [amd64, arm64]],
    ["debian/trixie", [amd64, arm64]],
    ["debian/trixie/arm64", [arm64]],
    ["ubuntu/noble+updates+security", [noble]],
  ];
  for (const [wanted, meant] of cases) assert.deepEqual(matchingSets(SETS, wanted), meant);
});

test("a package set that is none is told with what is near, or with all", () => {
  assert.throws(() => matchingSets(SETS, "debian/trixe"), {
    code: "bad-usage",
    message: 'The project has no package set "debian/trixe"',
    hint: 'Did you mean "debian/trixie"?',
  });
  assert.throws(() => matchingSets(SETS, "./other"), {
    message: 'The project has no package set "./other"',
    hint: `Its sets are "${SETS.join('", "')}". For another project, write it in front of --update`,
  });
});
