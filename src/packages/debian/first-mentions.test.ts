import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { mkdtempSync, rmSync } from "../../os/files.ts";
import { type OpenIndexOptions, openIndex } from "./package-index.ts";
import { packagesText, sourceOf } from "./testing/index-fixtures.ts";

/** Names in the order of these numbers. */
function order(names: readonly string[], lines: readonly string[], options: OpenIndexOptions = {}): string[] {
  const index = openIndex([sourceOf(packagesText(...lines))], "amd64", options);
  return names.toSorted((a, b) => index.firstMention(a) - index.firstMention(b));
}

test("a name is mentioned where it is a package, in a relation, or provided, in the order of apt's fields", () => {
  const lines = [
    "a; Provides: g; Suggests: f; Depends: d | e, c; Pre-Depends: b",
    "h; Replaces: j; Conflicts: i",
    "k; Architecture: i386; Depends: z",
    ...["z", "j", "i", "g", "f", "e", "d", "c", "b"],
  ];
  const names = ["a", "b", "d", "e", "c", "f", "g", "h", "i", "j", "z"];
  assert.deepEqual(order(names.toReversed(), lines), names);
});

test("parts of other names, other fields and other architectures of a name do not mention it", () => {
  const lines = [
    "first; Description: late; Filename: pool/late/late.deb; Depends: later, my-late, late:any, late+x",
    "second",
    "late",
  ];
  assert.deepEqual(order(["late", "second", "first"], lines), ["first", "second", "late"]);
});

test("many names are told in the same order as few, from memory and from what is kept", (context) => {
  const cacheDirectory = mkdtempSync(join(tmpdir(), "first-mentions-"));
  context.after(() => rmSync(cacheDirectory, { recursive: true }));
  const names = Array.from({ length: 200 }, (_, at) => `p${(at * 37) % 200}`);
  const lines = [...names.slice(0, 50), `all; Depends: ${names.toReversed().join(", ")}`, ...names.slice(50)];
  const expected = [...names.slice(0, 50), ...names.slice(50).toReversed()];
  for (const options of [{}, { cacheDirectory }, { cacheDirectory }]) {
    assert.deepEqual(order(names, lines, options), expected);
    const few = names.filter((_, at) => at % 10 === 0);
    assert.deepEqual(
      order(few, lines, options),
      expected.filter((name) => few.includes(name)),
    );
  }
});
