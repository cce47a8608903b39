/** Streams of store paths from strangers: refused whatever they hold, and nothing is written outside the store. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { MicrovmError } from "../src/errors.ts";
import { removeTree } from "../src/os/files.ts";
import { missing } from "../src/os/testing/programs.ts";
import { temporaryDirectory } from "../src/os/testing/temporary-directory.ts";
import { importClosure } from "../src/store/import.ts";
import { presentNames } from "../src/store/names.ts";
import { storePathName } from "../src/store/recipe.ts";
import { openStore, type Store } from "../src/store/store.ts";
import { all, top } from "../src/store/testing/closure.ts";
import { exported, type Item, inPieces, putTogether, takeApart } from "../src/store/testing/streams.ts";

const skip = missing("perl");

/** How many mutated streams are tried; `MICROVM_FUZZ_RUNS` for more. Each is made from its number alone. */
const RUNS = Number(process.env.MICROVM_FUZZ_RUNS ?? 150);

async function streamOf(context: TestContext): Promise<Buffer> {
  const store = openStore(join(temporaryDirectory(context), "store"));
  await store.realise(top, { builders: all });
  return await exported(store, storePathName(top));
}

/** A store below directories that must stay as they are. */
function guardedStore(context: TestContext) {
  const outer = temporaryDirectory(context);
  mkdirSync(join(outer, "a/b"), { recursive: true });
  const store = openStore(join(outer, "a/b/store"));
  const seen = () => ["", "a", "a/b"].map((path) => readdirSync(join(outer, path)).join(" "));
  return {
    store,
    check(what: string) {
      assert.deepEqual(seen(), ["a", "b", "store"], what);
      assert.deepEqual(readdirSync(join(store.directory, ".tmp")), [], what);
    },
  };
}

const take = (store: Store, stream: Buffer) =>
  importClosure(store.directory, inPieces(stream), { trusted: [], allowUnsigned: true });

/** Changes to the parts of the stream of `top`, and what is said. Parts: layer's record, then its top directory, … */
const HOSTILE: readonly (readonly [what: string, (items: Item[]) => void, message: RegExp])[] = [
  ["a name above the tree", (items) => set(items, "su", { path: "../su" }), /an entry whose path is none/],
  ["an absolute name", (items) => set(items, "su", { path: "/tmp/su" }), /an entry whose path is none/],
  ["a step up inside", (items) => set(items, "su", { path: "etc/../../su" }), /an entry whose path is none/],
  ["an empty part", (items) => set(items, "su", { path: "etc//su" }), /an entry whose path is none/],
  ["a NUL", (items) => set(items, "su", { path: "s\0u" }), /an entry whose path is none/],
  ["a long name", (items) => set(items, "su", { path: "s".repeat(256) }), /an entry whose path is none/],
  ["half a character", (items) => set(items, "su", { path: "\ud800" }), /an entry whose path is none/],
  ["no name", (items) => set(items, "su", { path: 7 }), /an entry whose path is none/],
  [
    "an entry twice",
    (items) => set(items, "sudo", { path: "su" }),
    /"\/su" in .* is there twice or not in order/,
  ],
  ["disorder", (items) => set(items, "sudo", { path: "a" }), /"\/a" in .* is there twice or not in order/],
  ["two tops", (items) => set(items, "etc", { path: "" }), /is there twice or not in order/],
  [
    "a file in a link",
    (items) => set(items, "etc", { path: "absolute/x" }),
    /"\/absolute\/x" lies in no directory/,
  ],
  ["a file in a file", (items) => set(items, "sudo", { path: "su/x" }), /"\/su\/x" lies in no directory/],
  ["a file nowhere", (items) => set(items, "sudo", { path: "t/x" }), /"\/t\/x" lies in no directory/],
  [
    "a device",
    (items) => set(items, "su", { type: "block" }),
    /"\/su" in .* is of a type that a store path may not have/,
  ],
  ["a mode that is none", (items) => set(items, "su", { mode: 0o10000 }), /has a mode or owner that is none/],
  ["an owner that is none", (items) => set(items, "su", { uid: -1 }), /has a mode or owner that is none/],
  ["a size that is none", (items) => set(items, "su", { size: 1e300 }), /has a size that is none/],
  ["too large a file", (items) => set(items, "su", { size: 1e9 }), /is larger than its record says/],
  ["a link to nothing", (items) => set(items, "absolute", { target: "" }), /is a link to nothing/],
  [
    "a host's link that is absolute",
    (items) => set(items, "layer", { target: "/etc" }),
    /leads out of the path: "\/etc"/,
  ],
  [
    "a host's link that leads out",
    (items) => set(items, "layer", { target: "../../x" }),
    /leads out of the path/,
  ],
  [
    "a host's link to another path",
    (items) => set(items, "layer", { target: `../${"0".repeat(32)}-x` }),
    /leads out/,
  ],
  ["a host's whiteout", (items) => set(items, "size", { type: "whiteout" }), /is a device/],
  [
    "another content",
    (items) => items.splice(items.indexOf(find(items, "su")) + 1, 1, Buffer.from("SU")),
    /came in with the digest/,
  ],
  ["another mode", (items) => set(items, "su", { mode: 0o6755 }), /came in with the digest/],
  [
    "an entry less",
    (items) => items.splice(items.indexOf(find(items, "absolute")), 1),
    /came in with the digest/,
  ],
  ["no entries", (items) => items.splice(1, items.findIndex((item) => "end" in item) - 1), /is empty/],
  [
    "another name",
    (items) => set(items, undefined, { path: `${"0".repeat(32)}-layer` }),
    /another recipe than its name says/,
  ],
  [
    "a name that is none",
    (items) => set(items, undefined, { path: "../x" }),
    /whose name is none of a store path/,
  ],
  ["no record", (items) => set(items, undefined, { info: null }), /is damaged: it is no object/],
  [
    "references left out",
    (items) =>
      Object.assign((items.findLast((item) => "info" in item) as Record<string, unknown>).info as object, {
        references: [],
      }),
    /another recipe/,
  ],
  [
    "what it needs left out",
    (items) => items.splice(0, items.findIndex((item) => "end" in item) + 1),
    /neither before it in the stream nor in the store/,
  ],
  [
    "attributes of nothing",
    (items) => set(items, undefined, { attributes: { nothing: { "user.a": "00" } } }),
    /attributes of what it does not have/,
  ],
  [
    "attributes of a link",
    (items) => set(items, undefined, { attributes: { absolute: { "user.a": "00" } } }),
    /attributes of what it does not have/,
  ],
  [
    "other attributes",
    (items) => set(items, undefined, { attributes: { su: { "trusted.x": "00" } } }),
    /The attributes of .* are damaged/,
  ],
  [
    "signatures that are none",
    (items) => set(items, undefined, { signatures: "me" }),
    /The signatures of .* are damaged/,
  ],
  [
    "another end",
    (items) => Object.assign(items.find((item) => "end" in item)!, { end: "x" }),
    /another path's end/,
  ],
  ["another count", (items) => Object.assign(items.at(-1)!, { done: 3 }), /not as many paths as it says/],
  ["no roots", (items) => Object.assign(items.at(-1)!, { roots: null }), /does not say what it was made of/],
  ["more behind the end", (items) => items.push({ more: 1 }), /goes on behind its end/],
  ["no end", (items) => items.pop(), /ends in the middle/],
];

/** The first entry with this path; the first record of a store path when there is none. */
function find(items: readonly Item[], path: string | undefined): Item {
  const isIt = (item: Item) =>
    path === undefined ? "info" in item : "type" in item && "path" in item && item.path === path;
  return items.find(isIt)!;
}

function set(items: readonly Item[], path: string | undefined, fields: object): void {
  Object.assign(find(items, path), fields);
}

test("a hostile stream is refused, and nothing of the path at fault is kept", { skip }, async (context) => {
  const stream = await streamOf(context);
  for (const [what, change, message] of HOSTILE) {
    const items = takeApart(Buffer.from(stream));
    change(items);
    const { store, check } = guardedStore(context);
    await assert.rejects(take(store, putTogether(items)), (error: MicrovmError) => {
      assert.equal(error.code, "stream-invalid", `${what}: ${error}`);
      assert.match(error.message, message, what);
      return true;
    });
    check(what);
    for (const name of presentNames(store.directory)) assert.ok((await store.verify(name)).intact, what);
  }
});

/** Numbers from 0 to below `limit` that follow from a seed (mulberry32). */
function numbersFrom(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

/** One to four changes of bytes: other ones, more, fewer, or a part of the stream in another place. */
function mutate(stream: Buffer, seed: number): Buffer {
  const next = numbersFrom(seed);
  // Most of the stream is one file's content, where a change is plain: half of the changes hit the records before.
  const place = (length: number) => next(next(2) === 0 ? Math.min(length, 6000) : length);
  let mutated = Buffer.from(stream);
  for (let changes = next(4); changes >= 0; changes--) {
    const at = place(mutated.length);
    const length = 1 + next(next(2) === 0 ? 4 : 2000);
    const [before, after] = [mutated.subarray(0, at), mutated.subarray(at)];
    const part = mutated.subarray(place(mutated.length)).subarray(0, length);
    const noise = Buffer.from(Array.from({ length: Math.min(length, 16) }, () => next(256)));
    const kinds = [
      () => Buffer.concat([before, noise, after.subarray(noise.length)]),
      () => Buffer.concat([before, noise, after]),
      () => Buffer.concat([before, after.subarray(length)]),
      () => Buffer.concat([before, part, after]),
      () => Buffer.concat([before, part, after.subarray(part.length)]),
      () => before,
    ];
    mutated = kinds[next(kinds.length)]!();
  }
  return mutated;
}

test("a mutated stream is refused or gives what was exported, and touches nothing else", {
  skip,
}, async (context) => {
  const stream = await streamOf(context);
  const { store, check } = guardedStore(context);
  let refused = 0;
  for (let seed = 0; seed < RUNS; seed++) {
    await take(store, mutate(stream, seed)).catch((error) => {
      assert.ok(error instanceof MicrovmError, `seed ${seed}: ${error.stack}`);
      refused += 1;
    });
    check(`seed ${seed}`);
    for (const name of presentNames(store.directory)) {
      assert.ok((await store.verify(name)).intact, `seed ${seed}`);
      // What is there would not be written again.
      await removeTree(store.pathOf(name));
    }
  }
  assert.ok(refused > RUNS / 2, `${refused}`);
});
