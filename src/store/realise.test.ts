import assert from "node:assert/strict";
import { existsSync, lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { MicrovmError } from "../errors.ts";
import { standIn } from "../os/testing/stand-in.ts";
import { type BuildJob, eager } from "./builder.ts";
import { collectGarbage } from "./collect.ts";
import type { StoreEvent } from "./events.ts";
import { type Recipe, storePathName } from "./recipe.ts";
import { openStore } from "./store.ts";
import { builders, fixedFile, recipe } from "./testing/recipes.ts";
import { leftovers, temporaryDirectory, temporaryStore } from "./testing/temporary-store.ts";
import { summariseTree } from "./tree.ts";

test("a built path is read-only, of a constant time, recorded, and intact", async (context) => {
  const store = temporaryStore(context);
  const tree = recipe("tree", { kind: "tree" });
  const path = await store.realise(tree, { builders });
  assert.equal(path, store.pathOf(tree));
  assert.ok(store.has(tree));
  assert.equal(lstatSync(path).mode & 0o7777, 0o555);
  assert.equal(lstatSync(join(path, "sealed/inner/file")).mode & 0o7777, 0o444);
  assert.equal(lstatSync(path).mtimeMs, 1000);
  const name = storePathName(tree);
  const info = store.info(name);
  assert.deepEqual(
    { ...info, digest: "", time: "" },
    { ...info, version: 1, size: 11, digest: "", time: "" },
  );
  assert.ok((await store.verify(name)).intact);
  assert.deepEqual(leftovers(store), []);
});

test("a changed path is found by verification", async (context) => {
  const store = temporaryStore(context);
  const path = await store.realise(recipe("text", { exactModes: true }), { builders });
  writeFileSync(path, "changed");
  assert.ok(!(await store.verify(storePathName(recipe("text", { exactModes: true })))).intact);
});

test("inputs are built first, each once, and given to the builder", async (context) => {
  const store = temporaryStore(context);
  const log = join(temporaryDirectory(context), "log");
  const shared = (): Recipe => recipe("shared", { params: { log, text: "s" } });
  const side = (name: string) => recipe(name, { params: { log }, inputs: { shared: shared() } });
  const top = recipe("top", { kind: "join", inputs: { sides: [side("a"), side("b")], shared: shared() } });
  const path = await store.realise(top, {
    builders: {
      ...builders,
      join: async (job) =>
        writeFileSync(job.out, `${readFileSync(job.input("shared"))}${job.inputs("sides").length}`),
    },
  });
  assert.equal(readFileSync(path, "utf8"), "s2");
  assert.deepEqual(readFileSync(log, "utf8").trim().split("\n").sort(), ["a", "b", "shared"]);
});

test("an eager builder starts before its files are there, but not before anything else", async (context) => {
  const store = temporaryStore(context);
  const log = join(temporaryDirectory(context), "log");
  const helper = recipe("helper", { params: { log } });
  const top = recipe("top", {
    kind: "eager",
    inputs: { files: [fixedFile("one", "one"), fixedFile("two", "two")] },
    helpers: { program: helper },
  });
  let start = () => {};
  const started = new Promise<void>((resolve) => {
    start = resolve;
  });
  const path = await store.realise(top, {
    builders: {
      ...builders,
      // Fetching waits for what it would otherwise be waited for.
      fetch: async (job) => {
        await started;
        await builders.fetch!(job);
      },
      eager: eager(async (job) => {
        assert.ok(existsSync(job.helper("program")!));
        assert.equal(job.helper("other"), undefined);
        start();
        const texts: string[] = [];
        for (const file of job.inputs("files")) {
          await job.arrival(file);
          texts.push(readFileSync(file, "utf8"));
        }
        writeFileSync(job.out, texts.join(" "));
      }),
    },
  });
  assert.equal(readFileSync(path, "utf8"), "one two");
});

test("the files of what is needed first are fetched first", async (context) => {
  const store = temporaryStore(context);
  const below = recipe("below", { kind: "eager", inputs: { files: [fixedFile("first", "1")] } });
  const top = recipe("top", { kind: "eager", inputs: { files: [fixedFile("second", "2")], below } });
  const fetched: string[] = [];
  await store.realise(top, {
    concurrency: { fetches: 1 },
    builders: {
      fetch: async (job) => {
        fetched.push(job.recipe.name);
        await builders.fetch!(job);
      },
      eager: eager(async (job) => writeFileSync(job.out, "")),
    },
  });
  assert.deepEqual(fetched, ["first", "second"]);
});

test("a file that cannot be had fails the eager builder that waits for it", async (context) => {
  const store = temporaryStore(context);
  const top = recipe("top", { kind: "eager", inputs: { files: [fixedFile("one", "one")] } });
  await assert.rejects(
    store.realise(top, {
      builders: {
        fetch: async () => {
          throw new MicrovmError("download-failed", "Gone");
        },
        eager: eager((job) => job.arrival(job.inputs("files")[0]!)),
      },
    }),
    { code: "download-failed", message: "Gone" },
  );
  assert.deepEqual(leftovers(store), []);
});

test("helpers do not count in the name", () => {
  const plain = recipe("top");
  assert.equal(
    storePathName(recipe("top", { helpers: { program: recipe("helper") } })),
    storePathName(plain),
  );
});

test("what is there is not built again, and its build inputs are not realised", async (context) => {
  const store = temporaryStore(context);
  const log = join(temporaryDirectory(context), "log");
  const input = recipe("input");
  const top = recipe("top", { params: { log }, inputs: { input } });
  await store.realise(top, { builders });
  rmSync(store.pathOf(input));
  const events: StoreEvent[] = [];
  await store.realise(top, { builders, onEvent: (event) => events.push(event) });
  assert.equal(readFileSync(log, "utf8"), "top\n");
  assert.ok(!store.has(input));
  assert.deepEqual(
    events.map(({ type, name }) => [type, name]),
    [["cached", "top"]],
  );
});

test("missing run-time references of what is there are realised", async (context) => {
  const store = temporaryStore(context);
  const data = recipe("data");
  const library = recipe("library", { inputs: { data }, references: ["data"] });
  const top = recipe("top", { inputs: { library, tool: recipe("tool") }, references: ["library"] });
  await store.realise(top, { builders });
  const closure = [top, library, data].map(storePathName).sort();
  assert.deepEqual(store.closure([storePathName(top)]), closure);
  rmSync(store.pathOf(data));
  const summary = store.planSummary(top);
  assert.deepEqual([summary.missing, summary.builds, summary.present], [[data], 1, 2]);
  await store.realise(top, { builders });
  assert.ok(store.has(data));
});

test("a plan's summary counts what is missing, inputs first", (context) => {
  const store = temporaryStore(context);
  const source = fixedFile("source", "x");
  const top = recipe("top", { inputs: { source, again: [source, recipe("other")] } });
  const { missing, fetches, builds, present } = store.planSummary(top);
  assert.deepEqual(
    missing.map(({ name }) => name),
    ["source", "other", "top"],
  );
  assert.deepEqual({ fetches, builds, present }, { fetches: 1, builds: 2, present: 0 });
});

test("what a builder says that it wrote is compared, and not read again", async (context) => {
  const store = temporaryStore(context);
  const file = fixedFile("source", "source");
  const content = file.fixed!.sha256;
  const saying = (said: string) => ({
    builders: {
      fetch: async (job: BuildJob) => {
        writeFileSync(job.out, "source");
        return { content: said };
      },
    },
  });
  await assert.rejects(store.realise(file, saying("0".repeat(64))), { code: "checksum-mismatch" });
  await store.realise(file, saying(content));
  // The digest is the same as that of a file that was read.
  assert.equal(store.info(storePathName(file)).digest, (await summariseTree(store.pathOf(file))).digest);
});

test("two runs of one process build a path once", async (context) => {
  const store = temporaryStore(context);
  const log = join(temporaryDirectory(context), "log");
  const slow = () => recipe("slow", { kind: "slow", params: { log } });
  await Promise.all([store.realise(slow(), { builders }), store.realise(slow(), { builders })]);
  assert.equal(readFileSync(log, "utf8"), "slow\n");
});

test("as many builds run at once as allowed, and no more", { timeout: 20_000 }, async (context) => {
  const store = temporaryStore(context);
  let running = 0;
  let most = 0;
  const two = Promise.withResolvers<void>();
  const count = async (job: { out: string }) => {
    running += 1;
    most = Math.max(most, running);
    if (running === 2) two.resolve();
    await two.promise;
    await setTimeout(5);
    running -= 1;
    writeFileSync(job.out, "");
  };
  const many = Array.from({ length: 6 }, (_, index) => recipe(`r${index}`, { kind: "count" }));
  await store.realise(recipe("top", { inputs: { many } }), {
    builders: { ...builders, count },
    concurrency: { builds: 2 },
  });
  assert.equal(most, 2);
});

test("progress, start and end of a build are told", async (context) => {
  const store = temporaryStore(context);
  const events: StoreEvent[] = [];
  const noisy = recipe("noisy", { kind: "noisy" });
  await store.realise(noisy, {
    onEvent: (event) => events.push(event),
    builders: {
      noisy: async (job) => {
        job.report({ done: 1, total: 2, unit: "files", note: "half" });
        writeFileSync(job.out, "12");
      },
    },
  });
  assert.deepEqual(
    events.map(({ type }) => type),
    ["start", "progress", "publishing", "done"],
  );
  const subject = { path: storePathName(noisy), name: "noisy", kind: "noisy", fixed: false };
  assert.deepEqual(events[1], {
    ...subject,
    type: "progress",
    done: 1,
    total: 2,
    unit: "files",
    note: "half",
  });
});

test("a path without an info record is not there, and is made anew", async (context) => {
  const store = temporaryStore(context);
  const tree = recipe("tree", { kind: "tree" });
  mkdirSync(join(store.pathOf(tree), "garbage"), { recursive: true });
  assert.ok(!store.has(tree));
  const path = await store.realise(tree, { builders });
  assert.ok(lstatSync(join(path, "bin/hello")).isFile());
  assert.ok(!lstatSync(join(path, "garbage"), { throwIfNoEntry: false }));
});

test("what is all there can be realised in a store that nobody may write to", async (context) => {
  const directory = temporaryDirectory(context);
  const store = openStore(directory);
  await store.realise(recipe("x"), { builders });
  rmSync(join(directory, ".tmp"), { recursive: true });
  await openStore(directory).realise(recipe("x"), { builders });
  assert.ok(!lstatSync(join(directory, ".tmp"), { throwIfNoEntry: false }));
});

test("what cannot be synced does not count, though others were made of it meanwhile", async (context) => {
  const store = temporaryStore(context);
  const log = join(temporaryDirectory(context), "log");
  const base = recipe("base", { kind: "tree" });
  const top = recipe("top", { params: { log, text: "t" }, inputs: { base }, references: ["base"] });
  const fails = join(temporaryDirectory(context), "fails");
  writeFileSync(fails, "");
  // Ends when the other one was made, so that the test would fail if that waited for it.
  standIn(
    context,
    "sync",
    `[ -e '${fails}' ] || { real "$@"; exit; }
    tries=0; until [ -e '${log}' ] || [ "$tries" = 200 ]; do tries=$((tries + 1)); sleep 0.05; done
    exit 1`,
  );
  await assert.rejects(store.realise(top, { builders }), /sync/);
  assert.equal(readFileSync(log, "utf8"), "top\n");
  assert.deepEqual([base, top].map(store.has), [false, false]);
  assert.ok(existsSync(store.pathOf(base)));
  assert.deepEqual(leftovers(store), []);

  rmSync(fails);
  await store.realise(top, { builders });
  assert.deepEqual([base, top].map(store.has), [true, true]);
  assert.ok((await store.verify(storePathName(base))).intact);
});

test("a tree without a record is garbage", async (context) => {
  const store = temporaryStore(context);
  const tree = recipe("tree", { kind: "tree" });
  await store.realise(tree, { builders });
  rmSync(join(store.directory, ".info", `${storePathName(tree)}.json`));
  const { removed } = await collectGarbage(store.directory, { links: [], keepInputs: true });
  assert.deepEqual(removed, [storePathName(tree)]);
  assert.ok(!existsSync(store.pathOf(tree)));
});
