import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { lstatSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { readAttributes } from "../os/attributes.ts";
import { missing } from "../os/testing/programs.ts";
import { collectGarbage } from "./collect.ts";
import { type ImportOptions, importClosure } from "./import.ts";
import { presentNames } from "./names.ts";
import { type Recipe, storePathName } from "./recipe.ts";
import { generateKeys, parsePublicKey, parseSecretKey } from "./signing-keys.ts";
import type { Store } from "./store.ts";
import { all, layer, top } from "./testing/closure.ts";
import { recipe } from "./testing/recipes.ts";
import { exported, type Item, inPieces, putTogether, takeApart } from "./testing/streams.ts";
import { leftovers, temporaryStore } from "./testing/temporary-store.ts";

const isRoot = process.getuid?.() === 0;
const needsPerl = missing("perl");

async function built(context: TestContext, one: Recipe = top) {
  const store = temporaryStore(context);
  await store.realise(one, { builders: all });
  return { store, stream: await exported(store, storePathName(one)) };
}

const take = (store: Store, stream: Buffer, options: Partial<ImportOptions> = {}, pieces = 1000) =>
  importClosure(store.directory, inPieces(stream, pieces), { trusted: [], allowUnsigned: true, ...options });

test("a closure comes over as it is, what it was built from does not", {
  skip: needsPerl,
}, async (context) => {
  const { store, stream } = await built(context);
  const other = temporaryStore(context);
  const names = [layer, top].map(storePathName);
  assert.deepEqual(await take(other, stream, {}, 7919), { imported: names, present: [], roots: [names[1]] });
  assert.deepEqual(presentNames(other.directory).sort(), [...names].sort());
  for (const name of names) {
    assert.ok((await other.verify(name)).intact);
    const [here, there] = [store.info(name), other.info(name)];
    assert.deepEqual({ ...here, time: "" }, { ...there, time: "" });
    assert.deepEqual(await readAttributes(other.pathOf(name)), await readAttributes(store.pathOf(name)));
  }
  assert.equal(lstatSync(join(other.pathOf(layer), "su")).mode & 0o7777, 0o4755);
  assert.equal(lstatSync(join(other.pathOf(top), "size")).mtimeMs, 1000);
  assert.deepEqual(leftovers(other), []);
  assert.deepEqual(await take(other, stream), { imported: [], present: names, roots: [names[1]] });
});

test("a signature by a trusted key is asked for, of every path", { skip: needsPerl }, async (context) => {
  const { store, stream } = await built(context);
  const [ours, theirs] = [generateKeys("ours"), generateKeys("theirs")];
  const trusted = [parsePublicKey(theirs.public, "x"), parsePublicKey(ours.public, "x")];
  const signed = await exported(store, storePathName(top), { key: parseSecretKey(ours.secret, "x") });
  const strict = { trusted, allowUnsigned: false };
  const other = temporaryStore(context);
  await assert.rejects(take(other, stream, strict), {
    code: "signature-invalid",
    message: `"${storePathName(layer)}" is not signed`,
  });
  await assert.rejects(take(other, signed, { ...strict, trusted: trusted.slice(0, 1) }), {
    code: "signature-invalid",
    message: `"${storePathName(layer)}" has no good signature by a trusted key, only by "ours"`,
    hint: 'Trust its signer with "microvm store key trust", or take what anybody made with "--allow-unsigned"',
  });
  assert.equal((await take(other, signed, strict)).imported.length, 2);
});

interface Head {
  info: { digest: string; size: number };
  attributes: object;
  signatures: { signature: string }[];
}

test("what a signature speaks of cannot be changed", { skip: needsPerl }, async (context) => {
  const { store } = await built(context);
  const ours = generateKeys("ours");
  const key = parseSecretKey(ours.secret, "x");
  const items = takeApart(await exported(store, storePathName(top), { key }));
  const changes: ((head: Head) => unknown)[] = [
    (head) => (head.info.digest = "0".repeat(64)),
    (head) => (head.info.size += 1),
    (head) => (head.attributes = { su: { "user.a": "00" } }),
    (head) => (head.signatures[0]!.signature = head.signatures[0]!.signature.replace(/^../, "AA")),
  ];
  for (const change of changes) {
    const [head, ...rest] = items;
    const changed = structuredClone(head) as unknown as Head;
    change(changed);
    const stream = putTogether([changed as unknown as Item, ...rest]);
    await assert.rejects(
      take(temporaryStore(context), stream, {
        trusted: [parsePublicKey(ours.public, "x")],
        allowUnsigned: false,
      }),
      { code: "signature-invalid" },
    );
  }
});

test("a path that is not what was built is not exported", async (context) => {
  const { store } = await built(context);
  writeFileSync(join(store.pathOf(layer), "etc/motd"), "HELLO");
  await assert.rejects(exported(store, storePathName(top)), {
    code: "store-damaged",
    message: `"${storePathName(layer)}" is not what was built, and is not exported`,
    hint: `Repair it: microvm store verify --repair ${storePathName(layer)}`,
  });
});

test("a socket or a device is not exported", {
  skip: isRoot ? false : "needs root, to make devices",
}, async (context) => {
  const odd = recipe("odd", { kind: "odd" });
  const store = temporaryStore(context);
  const make = async ({ out }: { out: string }) => void spawnSync("mknod", [out, "c", "1", "3"]);
  await store.realise(odd, { builders: { odd: make } });
  await assert.rejects(exported(store, storePathName(odd)), {
    code: "unsupported",
    message: /is a socket, a pipe/,
  });
});

test("what comes in is kept from a collection until it is linked", { skip: needsPerl }, async (context) => {
  const { stream } = await built(context);
  const other = temporaryStore(context);
  let collected = 0;
  await take(other, stream, {
    onProgress: () => {
      collected += 1;
    },
  });
  assert.equal(collected, 2);
  const { removed } = await collectGarbage(other.directory, { links: [], keepInputs: true });
  assert.equal(removed.length, 2, "nobody linked it");
});

test("other streams, those of later versions, cut off and of huge records are refused", {
  skip: needsPerl,
}, async (context) => {
  const { stream } = await built(context, layer);
  const store = temporaryStore(context);
  const refused = (bytes: Buffer, message: string) =>
    assert.rejects(take(store, bytes), { code: "stream-invalid", message });
  await refused(Buffer.from("nix-archive-1 and more of it"), "This is no stream of store paths");
  await refused(Buffer.from("microvm-closure 2\n…"), "The stream is of another version of the program");
  await refused(Buffer.alloc(0), "The stream ends in the middle");
  await refused(stream.subarray(0, stream.length - 1), "The stream ends in the middle");
  const huge = Buffer.concat([stream.subarray(0, 18), Buffer.from([255, 255, 255, 255])]);
  let pulled = 0;
  async function* endless() {
    yield huge;
    for (;;) {
      pulled += 1;
      yield Buffer.alloc(1 << 16);
    }
  }
  const options = { trusted: [], allowUnsigned: true };
  await assert.rejects(importClosure(store.directory, endless(), options), {
    message: "The stream has a record of 4294967295 bytes",
  });
  const deep = Buffer.from(`{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(deep.length);
  await refused(
    Buffer.concat([stream.subarray(0, 18), length, deep]),
    "The stream has a path whose name is none of a store path",
  );
  assert.equal(pulled, 0);
  assert.deepEqual([presentNames(store.directory), leftovers(store)], [[storePathName(layer)], []]);
});
