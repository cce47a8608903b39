/** Indices that no archive makes: whatever stands in them, they are read in bounded time, and nothing crashes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { MicrovmError } from "../../errors.ts";
import { randomOf } from "../../module-system/testing/random.ts";
import { parseRelations } from "./dependencies.ts";
import { openIndex } from "./package-index.ts";
import { resolve } from "./resolver.ts";
import { satisfies } from "./satisfaction.ts";
import { packagesText, sourceOf } from "./testing/index-fixtures.ts";

const MEGABYTE = 1024 * 1024;

/** Characters of a field: what is not linear in them takes minutes, or all memory. */
const LONG = MEGABYTE / 4;

function open(text: string | Buffer) {
  return openIndex([sourceOf(text)], "amd64");
}

test("millions of lines without a stanza are passed over", () => {
  for (const line of ["a\n", "\n", "a: b\n", " \n"]) {
    assert.deepEqual([...open(Buffer.alloc(9 * MEGABYTE, line)).names()], []);
  }
});

test("a stanza of more than eight megabytes is left out, and the ones around it are not", () => {
  const long = `Package: long\nDescription: ${"x".repeat(9 * MEGABYTE)}\n`;
  const text = [packagesText("a 1"), long, packagesText("b 1")].join("\n");
  assert.deepEqual([...open(text).names()], ["a", "b"]);
});

test("stanzas are found across the edges of what is looked at at once", () => {
  const filler = `Package: filler\nDescription: ${"x".repeat(3 * MEGABYTE)}\n\n`;
  const lines = ["a", "b", "c", "d", "e", "f"];
  const text = lines.map((name) => `${packagesText(name)}\n${filler}`).join("");
  const index = open(text);
  assert.deepEqual(
    [...index.names()].filter((name) => index.get(name)),
    lines,
  );
});

test("very long fields are read in time linear in their length", () => {
  for (const field of [
    " ".repeat(LONG),
    ",".repeat(LONG),
    "|".repeat(LONG),
    `b ${" ".repeat(LONG)}!`,
    `b (${" ".repeat(LONG)}`,
    `b (>= 1)${" <c>".repeat(LONG / 4)}`,
    `b [${"!".repeat(LONG)}]`,
    "b:".repeat(LONG / 2),
    "b, ".repeat(LONG / 3),
    `${"b, ".repeat(LONG / 3)}c | d`,
  ]) {
    parseRelations(field, "amd64");
    assert.ok(open(packagesText(`a; Depends: ${field}`)).get("a"));
  }
});

test("ten thousand versions and providers of one name are read", () => {
  const versions = Array.from({ length: 10_000 }, (_, at) => `a 1.${at}; Provides: v`);
  const providers = Array.from({ length: 10_000 }, (_, at) => `p${at}; Provides: v; Conflicts: v`);
  const index = open(packagesText(...versions, ...providers, "z; Depends: v"));
  assert.equal(index.get("a")?.version, "1.9999");
  assert.equal(resolve(index, ["z"], { essential: false }).length, 2);
});

test("numbers that are none, or too large, count as the nearest that fit", () => {
  const index = open(packagesText("a; Size: -1; Installed-Size: 1e9", "b; Size: 99999999999999999999"));
  assert.deepEqual([index.get("a")?.size, index.get("a")?.installedSize], [0, 0]);
  assert.equal(index.get("b")?.size, 2 ** 32 - 1);
});

test("names that mean something to JavaScript are names", () => {
  const index = open(packagesText("constructor; Depends: toString", "toString; Provides: hasOwnProperty"));
  assert.equal(resolve(index, ["constructor"], { essential: false }).length, 2);
});

test("names that are made to collide are refused", () => {
  // FNV-1a's low bits depend on the low bits of what was hashed before, so these are found by search.
  const names: string[] = [];
  for (let at = 0; names.length < 700; at++) {
    const name = `p${at.toString(36)}`;
    let hash = 0x811c_9dc5;
    for (const character of name) hash = Math.imul(hash ^ character.charCodeAt(0), 0x0100_0193);
    if ((hash & 0x7ff) === 0) names.push(name);
  }
  assert.throws(() => open(packagesText(...names)), {
    code: "index-invalid",
    message: "The index of packages has names that are made to collide",
    hint: "Use another mirror",
  });
});

test("whatever packages need of each other, resolving ends with an answer or a reason", () => {
  const random = randomOf(20);
  const fields = ["Depends", "Pre-Depends", "Conflicts", "Breaks", "Recommends", "Suggests", "Provides"];
  const name = () => `p${random(12)}`;
  const relation = () => {
    const version = random(3) === 0 ? ` (${["<<", "<=", "=", ">=", ">>"][random(5)]} ${random(3)})` : "";
    return `${name()}${random(9) === 0 ? ":any" : ""}${version}`;
  };
  const group = () => (random(2) === 0 ? `${relation()} | ${relation()}` : relation());
  let solved = 0;
  for (let round = 0; round < 400; round++) {
    const lines = Array.from({ length: 12 }, (_, at) => {
      const given = fields.filter(() => random(4) === 0);
      const values = given.map((field) => `${field}: ${[group(), group()].join(", ").slice(0, 200)}`);
      const others = random(8) === 0 ? ["Essential: yes"] : random(4) === 0 ? ["Multi-Arch: allowed"] : [];
      return [`p${at} ${random(3)}`, ...values, ...others].join("; ");
    });
    const index = open(packagesText(...lines));
    try {
      const chosen = resolve(index, [name(), name()], { essential: true, recommends: random(2) === 0 });
      assertFits(chosen);
      solved++;
    } catch (error) {
      if (!(error instanceof MicrovmError)) throw error;
      assert.match(error.code, /^package-(unsatisfiable|not-found)$/);
    }
  }
  assert.ok(solved > 40);
});

test("bytes at random, and indices with bytes changed, are read", () => {
  const random = randomOf(21);
  const whole = Buffer.from(
    packagesText("a; Depends: b (>= 1) | c:any", "b 2; Provides: v (= 1)", "c; Essential: yes"),
  );
  let read = 0;
  for (let round = 0; round < 500; round++) {
    const text =
      round % 3 === 0 ? Buffer.from(Array.from({ length: 300 }, () => random(256))) : Buffer.from(whole);
    for (let change = 0; change < 5; change++) text[random(text.length)] = random(2) === 0 ? random(256) : 10;
    const index = open(text);
    for (const found of index.names()) {
      assert.match(found, /^[A-Za-z0-9][A-Za-z0-9+.-]*$/);
      const one = index.get(found);
      if (one) assert.match(one.sha256, /^[0-9a-f]{64}$/);
      if (one) read++;
    }
  }
  assert.ok(read > 100, String(read));
});

/** Everything is satisfied, and nothing conflicts. */
function assertFits(chosen: ReturnType<typeof resolve>): void {
  for (const one of chosen) {
    for (const group of [...one.preDepends, ...one.depends]) {
      assert.ok(group.some((relation) => chosen.some((other) => satisfies(other, relation))));
    }
    const others = chosen.filter((other) => other.name !== one.name);
    for (const relation of [...one.conflicts, ...one.breaks]) {
      assert.ok(!others.some((other) => satisfies(other, relation)));
    }
  }
}
