import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { writeAttributes } from "../os/attributes.ts";
import { missing } from "../os/testing/programs.ts";
import { type Builder, type Builders, keepingAttributes } from "./builder.ts";
import { presentNames } from "./names.ts";
import { type Recipe, storePathName } from "./recipe.ts";
import type { Store } from "./store.ts";
import { builders, fixedFile, recipe } from "./testing/recipes.ts";
import { leftovers, temporaryStore } from "./testing/temporary-store.ts";
import { type VerifyOptions, verifyPaths } from "./verify.ts";

const source = fixedFile("source", "source");
const library = recipe("library", { kind: "tree", inputs: { source } });
const top = recipe("top", { inputs: { library }, references: ["library"] });

async function built(context: TestContext, one: Recipe = top, by: Builders = builders) {
  const store = temporaryStore(context);
  await store.realise(one, { builders: by });
  return store;
}

async function verify(store: Store, options: VerifyOptions = {}) {
  const verdicts = await verifyPaths(store.directory, presentNames(store.directory), {
    builders,
    ...options,
  });
  assert.deepEqual(leftovers(store), []);
  return Object.fromEntries(verdicts.map(({ name, ...verdict }) => [name.slice(33), verdict]));
}

const intact = { status: "intact" };

function damage(store: Store, one: Recipe, file = "") {
  const path = join(store.pathOf(one), file);
  const { mode } = lstatSync(path);
  chmodSync(path, 0o644);
  appendFileSync(path, "damage");
  chmodSync(path, mode);
}

test("a store as it was built is intact, and the same when built anew", async (context) => {
  const store = await built(context);
  const all = { top: intact, library: intact, source: intact };
  assert.deepEqual(await verify(store), all);
  assert.deepEqual(await verify(store, { rebuild: true }), all);
});

test("a damaged path is found, with both digests", async (context) => {
  const store = await built(context);
  damage(store, library, "sealed/inner/file");
  const { library: verdict, top: other } = await verify(store);
  assert.deepEqual(other, intact);
  assert.equal(verdict!.status, "damaged");
  assert.match(verdict!.detail!, /^its digest should be "[0-9a-f]{64}", it is "[0-9a-f]{64}"$/);
});

test("extended attributes that changed are found and repaired", {
  skip: missing("perl"),
}, async (context) => {
  const note = (value: string) => new Map([["bin/hello", { "user.note": value }]]);
  const attributed: Builders = {
    tree: keepingAttributes(async (job) => {
      await builders.tree!(job);
      await writeAttributes(job.out, note("01"));
    }),
  };
  const layer = recipe("layer", { kind: "tree" });
  const store = await built(context, layer, attributed);
  const options = { builders: attributed };
  assert.deepEqual(await verify(store, options), { layer: intact });
  const file = join(store.pathOf(layer), "bin/hello");
  chmodSync(file, 0o755);
  await writeAttributes(store.pathOf(layer), note("02"));
  chmodSync(file, 0o555);
  const detail = "its extended attributes are not those that were built";
  assert.deepEqual(await verify(store, options), { layer: { status: "damaged", detail } });
  assert.deepEqual(await verify(store, { ...options, repair: true }), {
    layer: { status: "repaired", detail },
  });
  assert.deepEqual(await verify(store, options), { layer: intact });
});

test("damaged paths are built and fetched anew, inputs before what is built from them", async (context) => {
  const store = await built(context);
  damage(store, source);
  damage(store, library, "bin/hello");
  damage(store, top);
  const before = lstatSync(store.pathOf(library)).ino;
  const verdicts = await verify(store, { repair: true });
  assert.deepEqual(
    Object.values(verdicts).map(({ status }) => status),
    ["repaired", "repaired", "repaired"],
  );
  assert.notEqual(lstatSync(store.pathOf(library)).ino, before);
  assert.equal(lstatSync(store.pathOf(library)).mode & 0o7777, 0o555);
  assert.equal(readFileSync(store.pathOf(source), "utf8"), "source");
  assert.deepEqual(await verify(store), { top: intact, library: intact, source: intact });
});

test("what cannot be repaired is told with its reason, and left as it is", async (context) => {
  const store = await built(context);
  damage(store, library, "bin/hello");
  rmSync(store.pathOf(source));
  const { library: verdict } = await verify(store, { repair: true });
  assert.equal(verdict!.repair, `its input "${storePathName(source)}" is not in the store`);
  assert.match(readFileSync(join(store.pathOf(library), "bin/hello"), "utf8"), /damage/);
});

test("a repair that gives something else is refused, with the first difference", async (context) => {
  const store = await built(context);
  damage(store, library, "bin/hello");
  const tree: Builder = async (job) => {
    await builders.tree!(job);
    writeFileSync(join(job.out, "bin/hello"), "other");
  };
  const { library: verdict } = await verify(store, { repair: true, builders: { ...builders, tree } });
  assert.equal(
    verdict!.repair,
    'built anew it is another one: "/bin/hello": content from byte 0 on, size 16 and 5 bytes',
  );
});

test("a missing reference, a foreign and a damaged record are told as such", async (context) => {
  const record = (store: Store, one: Recipe) => join(store.directory, ".info", `${storePathName(one)}.json`);
  const missingOne = await built(context);
  rmSync(missingOne.pathOf(library), { recursive: true });
  assert.equal(
    (await verify(missingOne)).top!.detail,
    `it needs "${storePathName(library)}", which is not in the store`,
  );
  const foreign = await built(context);
  writeFileSync(record(foreign, top), readFileSync(record(foreign, library)));
  assert.equal(
    (await verify(foreign)).top!.detail,
    `The record of "${storePathName(top)}" has another recipe than its name says`,
  );
  writeFileSync(record(foreign, top), "{");
  assert.match((await verify(foreign, { repair: true })).top!.repair!, /^Cannot read the info record/);
  writeFileSync(record(foreign, top), '{"version":1}');
  assert.match((await verify(foreign)).top!.detail!, /its "references" is damaged$/);
});

/** One entry, `here`, that every build makes in another way. */
const CHANGES: readonly (readonly [string, (path: string) => void, (path: string) => void])[] = [
  [
    '"/here": content from byte 3 on',
    (path) => writeFileSync(path, "one!"),
    (path) => writeFileSync(path, "one?"),
  ],
  [
    '"/here": content from byte 4 on, size 4 and 6 bytes',
    (path) => writeFileSync(path, "same"),
    (path) => writeFileSync(path, "same+2"),
  ],
  [
    '"/here": mode 0644 and 4755',
    (path) => writeFileSync(path, "", { mode: 0o644 }),
    (path) => {
      writeFileSync(path, "");
      chmodSync(path, 0o4755);
    },
  ],
  ['"/here": link to "a" and "b"', (path) => symlinkSync("a", path), (path) => symlinkSync("b", path)],
  ['"/here": type file and link', (path) => writeFileSync(path, ""), (path) => symlinkSync("b", path)],
  ['"/here": type file and directory', (path) => writeFileSync(path, ""), (path) => mkdirSync(path)],
  ['"/here": added', () => {}, (path) => writeFileSync(path, "")],
  ['"/here": removed', (path) => writeFileSync(path, ""), () => {}],
];

test("a build that comes out another way is told with the first difference", async (context) => {
  for (const [expected, first, second] of CHANGES) {
    const [one, other] = [first, second].map(
      (write): Builders => ({
        odd: async ({ out }) => {
          mkdirSync(join(out, "before"), { recursive: true });
          writeFileSync(join(out, "zzz"), write === first ? "1" : "2");
          write(join(out, "here"));
        },
      }),
    );
    const store = await built(context, recipe("odd", { kind: "odd", exactModes: true }), one);
    const { odd } = await verify(store, { rebuild: true, builders: other! });
    assert.deepEqual(odd, { status: "differs", detail: expected });
  }
});

test("another owner or attribute is a difference", {
  skip: process.getuid?.() === 0 ? missing("setcap") || missing("perl") : "needs root, to change owners",
}, async (context) => {
  const by = (...command: string[]): Builders => ({
    odd: async ({ out }) => {
      mkdirSync(out);
      writeFileSync(join(out, "here"), "");
      if (command.length > 0) spawnSync(command[0]!, [...command.slice(1), join(out, "here")]);
    },
  });
  const store = await built(context, recipe("odd", { kind: "odd", exactModes: true }), by());
  const detail = async (odd: Builders) => (await verify(store, { rebuild: true, builders: odd })).odd?.detail;
  assert.equal(await detail(by("chown", "3:4")), '"/here": owner 0:0 and 3:4');
  assert.equal(
    await detail(by("setcap", "cap_net_raw=ep")),
    '"/here": attributes none and security.capability=0100000200200000000000000000000000000000',
  );
});

test("what cannot be built anew is told as such", async (context) => {
  const store = await built(context);
  rmSync(store.pathOf(source));
  assert.deepEqual((await verify(store, { rebuild: true })).library, {
    status: "not-rebuilt",
    detail: `its input "${storePathName(source)}" is not in the store`,
  });
  const { top: verdict } = await verify(store, { rebuild: true, builders: {} });
  assert.deepEqual(verdict, {
    status: "not-rebuilt",
    detail: 'this version builds nothing of the kind "text"',
  });
  const text = async () => {
    throw new Error("no");
  };
  assert.equal(
    (await verify(store, { rebuild: true, builders: { text } })).top!.detail,
    `Cannot build "${storePathName(top)}": no`,
  );
});
