import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { lockFile } from "../os/locks.ts";
import { presentNames } from "./names.ts";
import { type Recipe, storePathName } from "./recipe.ts";
import { repositoryLock } from "./repositories.ts";
import { built, collect, library, other, present, top } from "./testing/garbage.ts";
import { builders, recipe } from "./testing/recipes.ts";
import { leftovers, temporaryDirectory } from "./testing/temporary-store.ts";

test("what no root needs is removed, each path before what it needs", async (context) => {
  const store = await built(context, top, other);
  const { removed, kept, freed } = await collect(store);
  const order = removed.map((name) => name.slice(33));
  assert.deepEqual([...order].sort(), ["library", "other", "source", "tool", "top"]);
  const before = (one: string, two: string) => assert.ok(order.indexOf(one) < order.indexOf(two), `${order}`);
  before("top", "library");
  before("top", "tool");
  before("library", "source");
  assert.equal(kept, 0);
  assert.ok(freed > 0);
  assert.deepEqual(present(store), []);
  assert.deepEqual(readdirSync(join(store.directory, ".info")), []);
  assert.deepEqual(leftovers(store), []);
});

test("a dry run tells the same and removes nothing", async (context) => {
  const store = await built(context, top, other);
  const before = present(store);
  const { removed, freed } = await collect(store, { dryRun: true });
  assert.deepEqual(present(store), before);
  const really = await collect(store);
  assert.deepEqual([really.removed, really.freed], [removed, freed]);
});

test("younger paths are kept, with all that they need", async (context) => {
  const store = await built(context, top, other);
  const age = (one: Recipe, days: number) => {
    const file = join(store.directory, ".info", `${storePathName(one)}.json`);
    const time = new Date(Date.now() - days * 86_400_000).toISOString();
    writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, "utf8")), time }));
  };
  age(library, 30);
  age(other, 30);
  await collect(store, { olderThan: 14 * 86_400_000, keepInputs: false });
  assert.deepEqual(present(store).sort(), ["library", "source", "tool", "top"]);
});

test("bytes of a file that a kept path shares by a hard link are not freed", async (context) => {
  const store = await built(context, recipe("keep", { kind: "fill", params: { bytes: 1 << 20 } }));
  const keep = store.pathOf(presentNames(store.directory)[0]!);
  await store.realise(recipe("twin", { kind: "fill", params: { bytes: 0 } }), { builders });
  const twin = store.pathOf(recipe("twin", { kind: "fill", params: { bytes: 0 } }));
  rmSync(twin);
  linkSync(keep, twin);
  const links = [join(temporaryDirectory(context), "result")];
  symlinkSync(keep, links[0]!);
  assert.equal((await collect(store, { links })).freed, 0);
  assert.equal(statSync(keep).nlink, 1);
  assert.equal((await collect(store)).freed, 1 << 20);
});

test("a path without a record and a record without a path are garbage; other names are not ours", async (context) => {
  const store = await built(context, top, other);
  rmSync(store.pathOf(top));
  rmSync(join(store.directory, ".info", `${storePathName(other)}.json`));
  mkdirSync(join(store.directory, "lost+found"));
  const { removed } = await collect(store);
  assert.ok(removed.includes(storePathName(top)) && removed.includes(storePathName(other)));
  assert.deepEqual(
    readdirSync(store.directory).filter((name) => !name.startsWith(".")),
    ["lost+found"],
  );
});

test("a kept path with a damaged record stops the collection before anything is removed", async (context) => {
  const store = await built(context, top, other);
  const links = [join(temporaryDirectory(context), "result")];
  symlinkSync(store.pathOf(top), links[0]!);
  writeFileSync(join(store.directory, ".info", `${storePathName(library)}.json`), "{");
  await assert.rejects(collect(store, { links }), {
    code: "store-invalid",
    message: /Cannot read the info record/,
  });
  assert.ok(store.has(other));
});

test("a collection that is killed leaves every path whole with all that it needs", async (context) => {
  for (let round = 0; round < 6; round++) {
    const store = await built(context, top, other);
    const program = `
      import { openSync, writeSync } from "node:fs";
      const { collectGarbage } = await import(${JSON.stringify(new URL("./collect.ts", import.meta.url).href)});
      await collectGarbage(${JSON.stringify(store.directory)}, {
        links: [], keepInputs: true, signal: { aborted: false, addEventListener() {}, removeEventListener() {},
          throwIfAborted: (() => { let calls = 0; return () => { if (calls++ === ${round + 1}) process.kill(process.pid, "SIGKILL"); }; })() },
      });`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: "inherit" });
    await once(child, "exit");
    for (const name of presentNames(store.directory)) {
      assert.ok((await store.verify(name)).intact);
      for (const needed of store.info(name).references)
        assert.ok(store.has(needed), `${name} needs ${needed}`);
    }
    await store.realise(top, { builders });
    assert.ok(store.has(library));
    // The kernel frees the locks of the dead a moment later.
    for (const name of leftovers(store).filter((entry) => entry.endsWith(".lock"))) {
      await (await lockFile(join(store.directory, ".tmp", name))).release();
    }
    await collect(store);
    assert.deepEqual([present(store), leftovers(store)], [[], []]);
  }
});

test("repositories that nobody used go, those in use and of late stay", async (context) => {
  const store = await built(context, top);
  const repositories = join(store.directory, ".repositories");
  const day = 86_400_000;
  for (const [name, age] of [
    ["new", 0],
    ["week", 7 * day],
    ["old", 31 * day],
    ["locked", 31 * day],
  ] as const) {
    mkdirSync(join(repositories, name), { recursive: true });
    writeFileSync(join(repositories, name, "HEAD"), "ref: refs/heads/main\n");
    const time = new Date(Date.now() - age);
    utimesSync(join(repositories, name), time, time);
  }
  const lock = await lockFile(repositoryLock(store.directory, "locked"));
  const dry = await collect(store, { dryRun: true });
  assert.equal(dry.repositories, 1);
  assert.ok(dry.freed > 0);
  assert.equal((await collect(store)).repositories, 1);
  assert.deepEqual(readdirSync(repositories).sort(), ["locked", "new", "week"]);
  await lock.release();
  assert.equal((await collect(store, { keepInputs: false })).repositories, 2);
  assert.deepEqual(readdirSync(repositories), ["new"]);
});

test("old indices go, young ones stay, and without inputs all but those of the last hour go", async (context) => {
  const store = await built(context, top);
  const indices = join(store.directory, ".indices");
  mkdirSync(indices);
  const write = (name: string, hours: number) => {
    writeFileSync(join(indices, name), "index");
    const time = Date.now() / 1000 - hours * 3600;
    utimesSync(join(indices, name), time, time);
  };
  write("now", 0);
  write("week", 24 * 7);
  write("year", 24 * 365);
  assert.equal((await collect(store, { dryRun: true })).indices, 1);
  await collect(store);
  assert.deepEqual(readdirSync(indices).sort(), ["now", "week"]);
  assert.equal((await collect(store, { keepInputs: false })).indices, 1);
  assert.ok(existsSync(join(indices, "now")));
});
