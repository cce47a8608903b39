import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { lockFile } from "../os/locks.ts";
import type { StoreEvent } from "./events.ts";
import { openStore } from "./store.ts";
import { builders, recipe } from "./testing/recipes.ts";
import {
  childCommand,
  leftovers,
  start,
  temporaryDirectory,
  temporaryStore,
} from "./testing/temporary-store.ts";

test("a process killed while it builds leaves no path, and the next run builds it and cleans up", async (context) => {
  const store = temporaryStore(context);
  const hanging = recipe("x", { kind: "hang" });
  const { child } = start(childCommand(store.directory, hanging));
  await new Promise((resolve) => child.stdout.once("data", resolve));
  const [left] = leftovers(store).filter((name) => !name.endsWith(".lock"));
  child.kill("SIGKILL");
  // The kernel frees the lock a moment later.
  await (await lockFile(join(store.directory, ".tmp", `${left}.lock`))).release();
  assert.ok(!store.has(hanging));
  const path = await store.realise(hanging, { builders: { hang: builders.text! } });
  assert.equal(readFileSync(path, "utf8"), "x");
  assert.deepEqual(leftovers(store), []);
});

test("leftovers of the dead are removed, those of the living are kept", async (context) => {
  const store = temporaryStore(context);
  const temporary = join(store.directory, ".tmp");
  for (const owner of ["dead", "living"]) {
    mkdirSync(join(temporary, owner), { recursive: true });
    writeFileSync(join(temporary, `${owner}.lock`), "");
  }
  mkdirSync(join(temporary, "without-lock"));
  await using _ = await lockFile(join(temporary, "living.lock"));
  await store.realise(recipe("x"), { builders });
  assert.deepEqual(leftovers(store).sort(), ["living", "living.lock"]);
});

test("of two processes that want one path, one builds and the other waits", async (context) => {
  const directory = temporaryDirectory(context);
  const log = join(directory, "log");
  const slow = recipe("slow", { kind: "slow", params: { log } });
  const store = openStore(join(directory, "store"));
  const children = [1, 2, 3].map(() => start(childCommand(store.directory, slow)).output());
  assert.deepEqual(await Promise.all(children), Array(3).fill(`${store.pathOf(slow)}\n`));
  assert.equal(readFileSync(log, "utf8"), "slow\n");
  assert.deepEqual(leftovers(store), []);
});

test("who waits for another process says so, and can be stopped", async (context) => {
  const store = temporaryStore(context);
  const hanging = recipe("x", { kind: "hang" });
  const { child } = start(childCommand(store.directory, hanging));
  context.after(() => child.kill("SIGKILL"));
  await new Promise((resolve) => child.stdout.once("data", resolve));
  const stop = new AbortController();
  const types: string[] = [];
  const onEvent = ({ type }: StoreEvent) => {
    types.push(type);
    setTimeout(() => stop.abort(new Error("enough")), 50);
  };
  await assert.rejects(store.realise(hanging, { builders, onEvent, signal: stop.signal }), /enough/);
  assert.deepEqual(types, ["waiting"]);
});
