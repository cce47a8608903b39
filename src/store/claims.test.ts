import assert from "node:assert/strict";
import { existsSync, linkSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { lockFile } from "../os/locks.ts";
import { claimPath } from "./claims.ts";
import { openTemporaryRoots } from "./temporary-roots.ts";
import { temporaryStore } from "./testing/temporary-store.ts";

/** A store, where its claims lie, and the roots of so many who work there. */
function workers(context: TestContext, count: number) {
  const store = temporaryStore(context);
  store.prepare();
  const roots = Array.from({ length: count }, () => openTemporaryRoots(store.directory));
  context.after(() => Promise.all(roots.map((one) => one[Symbol.asyncDispose]())));
  return { directory: store.directory, locks: join(store.directory, ".locks"), roots };
}

test("a path is claimed by one at a time; who waits says so once, and is next", async (context) => {
  const { directory, locks, roots } = workers(context, 2);
  const did: string[] = [];
  const first = await claimPath(directory, "x", roots[0]!);
  const second = claimPath(directory, "x", roots[1]!, { onWait: () => did.push("waits") }).then((claim) => {
    did.push("has it");
    claim[Symbol.dispose]();
  });
  while (did.length === 0) await new Promise(setImmediate);
  await claimPath(directory, "other", roots[1]!);
  assert.deepEqual(did, ["waits"]);
  first[Symbol.dispose]();
  await second;
  assert.deepEqual(did, ["waits", "has it"]);
  assert.ok(!existsSync(join(locks, "x")));
});

test("what the dead and an earlier version left is taken over without waiting", async (context) => {
  const { directory, locks, roots } = workers(context, 1);
  writeFileSync(join(directory, ".temproots/dead"), "x\n");
  linkSync(join(directory, ".temproots/dead"), join(locks, "x"));
  writeFileSync(join(locks, "y"), "");
  const onWait = () => assert.fail("it waits");
  for (const name of ["x", "y"]) (await claimPath(directory, name, roots[0]!, { onWait }))[Symbol.dispose]();
  assert.deepEqual(readdirSync(locks), ["collection"]);
});

test("of many who take over a dead one's claim, one has it at a time", async (context) => {
  const { directory, locks, roots } = workers(context, 8);
  writeFileSync(join(locks, "x"), "");
  let holders = 0;
  const turns = roots.map(async (own) => {
    const claim = await claimPath(directory, "x", own);
    holders += 1;
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(holders, 1);
    holders -= 1;
    claim[Symbol.dispose]();
  });
  await Promise.all(turns);
});

test("waiting ends with the signal's reason, and leaves the other's claim", async (context) => {
  const { directory, locks, roots } = workers(context, 2);
  using _ = await claimPath(directory, "x", roots[0]!);
  const stop = new AbortController();
  const waiting = claimPath(directory, "x", roots[1]!, {
    signal: stop.signal,
    onWait: () => stop.abort(new Error("enough")),
  });
  await assert.rejects(waiting, { message: "enough" });
  assert.equal(await lockFile(join(locks, "x"), { wait: false }), undefined);
});
