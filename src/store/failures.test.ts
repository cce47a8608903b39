import assert from "node:assert/strict";
import { chmodSync, chownSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { MicrovmError } from "../errors.ts";
import { storePathName } from "./recipe.ts";
import { openStore } from "./store.ts";
import { builders, fixedFile, recipe } from "./testing/recipes.ts";
import {
  childCommand,
  leftovers,
  start,
  temporaryDirectory,
  temporaryStore,
} from "./testing/temporary-store.ts";

const isRoot = process.getuid?.() === 0;
const NOBODY = 65534;

/** Store paths, whatever they are. */
const visible = (directory: string) => readdirSync(directory).filter((name) => !name.startsWith("."));

test("a failing builder leaves nothing", async (context) => {
  const store = temporaryStore(context);
  const broken = recipe("broken", { kind: "broken" });
  await assert.rejects(store.realise(recipe("top", { inputs: { broken } }), { builders }), {
    code: "build-failed",
    message: `Cannot build "${storePathName(broken)}": the tap ran dry`,
  });
  assert.deepEqual(leftovers(store), []);
  assert.deepEqual(visible(store.directory), []);
});

test("a builder that makes nothing has failed", async (context) => {
  const store = temporaryStore(context);
  const lazy = store.realise(recipe("lazy"), { builders: { text: async () => {} } });
  await assert.rejects(lazy, { code: "build-failed", message: /its builder made nothing/ });
});

test("an error for people is passed on as it is", async (context) => {
  const store = temporaryStore(context);
  const error = new MicrovmError("download-failed", "No route");
  const text = async () => {
    throw error;
  };
  await assert.rejects(store.realise(recipe("x"), { builders: { text } }), (thrown) => thrown === error);
});

test("the first failure stops the rest, which is waited for", async (context) => {
  const store = temporaryStore(context);
  let stopped = false;
  const patient = async ({ signal }: { signal: AbortSignal }) => {
    await setTimeout(60_000, undefined, { signal }).catch(() => setTimeout(30));
    stopped = true;
  };
  const inputs = { all: [recipe("patient", { kind: "patient" }), recipe("broken", { kind: "broken" })] };
  const run = store.realise(recipe("top", { inputs }), {
    builders: { ...builders, patient },
    concurrency: { builds: 2 },
  });
  await assert.rejects(run, { code: "build-failed" });
  assert.ok(stopped);
  assert.deepEqual(leftovers(store), []);
});

test("a run ends with the reason of its signal", async (context) => {
  const store = temporaryStore(context);
  const reason = new Error("enough");
  const patient = async ({ signal }: { signal: AbortSignal }) => {
    await setTimeout(60_000, undefined, { signal });
  };
  const stop = new AbortController();
  const run = store.realise(recipe("x"), { builders: { text: patient }, signal: stop.signal });
  globalThis.setTimeout(() => stop.abort(reason), 50);
  await assert.rejects(run, (thrown) => thrown === reason);
});

test("a fixed file with another content is not kept", async (context) => {
  const store = temporaryStore(context);
  const wrong = fixedFile("tool.tar", "evil", "good");
  await assert.rejects(store.realise(wrong, { builders }), (error: MicrovmError) => {
    assert.equal(error.code, "checksum-mismatch");
    assert.match(
      error.message,
      /"tool.tar" from "https:\/\/example.org\/tool.tar" should be "[0-9a-f]{64}", it is "/,
    );
    return true;
  });
  assert.deepEqual(visible(store.directory), []);
  await assert.rejects(store.realise({ ...wrong, kind: "tree" }, { builders }), /it is not a file/);
});

test("a store that is a file is named as such", async (context) => {
  const file = join(temporaryDirectory(context), "store");
  writeFileSync(file, "");
  for (const directory of [file, join(file, "below")]) {
    await assert.rejects(openStore(directory).realise(recipe("x"), { builders }), {
      code: "store-invalid",
      message: `The store "${directory}" is not a directory`,
    });
  }
});

test("an info record that is damaged, newer or absent is named as such", async (context) => {
  const store = temporaryStore(context);
  await store.realise(recipe("x"), { builders });
  const name = storePathName(recipe("x"));
  for (const text of ["{", '{"version":2}']) {
    writeFileSync(join(store.directory, ".info", `${name}.json`), text);
    assert.throws(() => store.info(name), { code: "store-invalid", message: /Cannot read the info record/ });
  }
  assert.throws(() => store.info(storePathName(recipe("y"))), {
    code: "store-invalid",
    message: /is not in the/,
  });
  assert.throws(() => store.info("../x"), { code: "store-invalid", message: /is not a store path/ });
});

const asNobody = { skip: isRoot ? false : "needs root, to become another user" };

test("a store of someone else is named as such", asNobody, async (context) => {
  const directory = temporaryDirectory(context);
  chmodSync(directory, 0o755);
  const { output } = start(childCommand(directory, recipe("x")), { uid: NOBODY, gid: NOBODY });
  assert.match(await output(), /^permission-denied: Cannot write to the store/);
});

test(
  "a user without privileges can build trees and remove half-built read-only ones",
  asNobody,
  async (context) => {
    const store = openStore(temporaryDirectory(context));
    chownSync(store.directory, NOBODY, NOBODY);
    const user = { uid: NOBODY, gid: NOBODY };
    const sealed = recipe("sealed", { kind: "sealed" });
    assert.match(
      await start(childCommand(store.directory, sealed), user).output(),
      /^build-failed: .*sealed it/,
    );
    assert.deepEqual(leftovers(store), []);
    const tree = recipe("tree", { kind: "tree" });
    assert.equal(await start(childCommand(store.directory, tree), user).output(), `${store.pathOf(tree)}\n`);
    assert.ok((await store.verify(storePathName(tree))).intact);
  },
);

test("a full disk is named as such", { skip: isRoot ? false : "needs root, to mount" }, async (context) => {
  const directory = temporaryDirectory(context);
  const mount = 'mount -t tmpfs -o size=1m tmpfs "$1" && shift && exec "$@"';
  const big = childCommand(directory, recipe("big", { kind: "fill", params: { bytes: 2 << 20 } }));
  const { output } = start(["unshare", "--mount", "sh", "-c", mount, "sh", directory, ...big]);
  assert.match(await output(), new RegExp(`^no-space: Cannot write below "${directory}": no space left`));
});
