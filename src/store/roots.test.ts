import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { lockFile } from "../os/locks.ts";
import { storePathName } from "./recipe.ts";
import { registerLink } from "./roots.ts";
import { openTemporaryRoots } from "./temporary-roots.ts";
import { built, collect, library, other, present, source, tool, top } from "./testing/garbage.ts";
import { builders, recipe } from "./testing/recipes.ts";
import { childCommand, start, temporaryDirectory, temporaryStore } from "./testing/temporary-store.ts";

test("a link keeps what it leads to, what that needs and what that was built from", async (context) => {
  const store = await built(context, top, other);
  const links = [join(temporaryDirectory(context), "current")];
  symlinkSync(store.pathOf(top), links[0]!);
  await collect(store, { links });
  assert.deepEqual(present(store).sort(), ["library", "source", "tool", "top"]);
  await collect(store, { links, keepInputs: false });
  assert.deepEqual(present(store).sort(), ["library", "top"]);
});

test("a registered link counts as long as it is there and leads into the store", async (context) => {
  const store = await built(context, top, other);
  const result = join(temporaryDirectory(context), "result");
  const roots = () => readdirSync(join(store.directory, ".gcroots")).length;
  symlinkSync(store.pathOf(top), result);
  registerLink(store.directory, result);
  registerLink(store.directory, result);
  assert.equal(roots(), 1);
  await collect(store, { dryRun: true });
  await collect(store);
  assert.ok(store.has(top));
  // A link to a link, and into the path.
  renameSync(result, `${result}-2`);
  symlinkSync("result-2", result);
  await collect(store);
  assert.ok(store.has(library));
  rmSync(result);
  await collect(store);
  assert.deepEqual([present(store), roots()], [[], 0]);
});

test("temporary roots keep names, those that are not there yet too, until they are given up", async (context) => {
  const store = await built(context, top, other);
  {
    await using roots = openTemporaryRoots(store.directory);
    await roots.add([storePathName(top)]);
    await collect(store);
    assert.deepEqual(present(store).sort(), ["library", "source", "tool", "top"]);
  }
  assert.deepEqual(readdirSync(join(store.directory, ".temproots")), []);
  await collect(store);
  assert.deepEqual(present(store), []);
});

test("a store of an earlier version, and one that nobody may write to, can be worked with", async (context) => {
  const store = await built(context, top);
  rmSync(join(store.directory, ".temproots"), { recursive: true });
  rmSync(store.pathOf(library));
  rmSync(store.pathOf(source));
  await store.realise(top, { builders });
  assert.ok(store.has(library));
  await using roots = openTemporaryRoots(join(store.directory, "no/store"));
  roots.begin();
  await roots.add(["x"]);
  await assert.rejects(roots.file(), { code: "ENOENT" });
});

test("roots of a process that was killed are forgotten", async (context) => {
  const store = await built(context, other);
  const { child } = start(childCommand(store.directory, recipe("x", { kind: "hang", inputs: { other } })));
  await once(child.stdout, "data");
  await collect(store);
  assert.ok(store.has(other), "what a running build needs is kept");
  child.kill("SIGKILL");
  const [file] = readdirSync(join(store.directory, ".temproots"));
  // The kernel frees the lock a moment later.
  await (await lockFile(join(store.directory, ".temproots", file!))).release();
  await collect(store);
  assert.ok(!store.has(other));
  assert.deepEqual(readdirSync(join(store.directory, ".temproots")), []);
});

test("a path that a running build has just made, and nothing refers to yet, survives", async (context) => {
  const store = temporaryStore(context);
  const made = Promise.withResolvers<void>();
  const collected = Promise.withResolvers<void>();
  const first = recipe("first", { kind: "tree" });
  const run = store.realise(recipe("second", { kind: "patient", inputs: { first } }), {
    builders: {
      ...builders,
      patient: async (job) => {
        made.resolve();
        await collected.promise;
        writeFileSync(job.out, readFileSync(join(job.input("first"), "bin/hello")));
      },
    },
  });
  await made.promise;
  const { removed } = await collect(store);
  collected.resolve();
  await run;
  assert.deepEqual(removed, []);
});

test("what a program of the host runs from is kept", async (context) => {
  const store = await built(context, top, other);
  const child = spawn("sleep", ["60"], { cwd: join(store.pathOf(other), "bin") });
  context.after(() => child.kill());
  await once(child, "spawn");
  await collect(store);
  assert.deepEqual(present(store), ["other"]);
});

test("what a running program was told counts when it speaks of this store", async (context) => {
  const store = await built(context, top, other);
  const tell = async (words: string) => {
    // The shell keeps its words while it waits for its input.
    const child = spawn("sh", ["-c", "read -r _", words], { stdio: ["pipe", "ignore", "inherit"] });
    context.after(() => child.kill());
    await once(child, "spawn");
    return child;
  };
  const elsewhere = await tell(`/other/store/${storePathName(top)}`);
  await tell(`-kernel ${store.pathOf(tool)} -append layers=${storePathName(other)}`);
  await collect(store);
  assert.deepEqual(present(store).sort(), ["other", "tool"]);
  elsewhere.kill();
});
