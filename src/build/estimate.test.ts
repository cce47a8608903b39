import assert from "node:assert/strict";
import { test } from "node:test";
import { type Recipe, storePathName } from "../store/recipe.ts";
import { estimateWork } from "./estimate.ts";

const MEBI = 1024 * 1024;

const recipe = (kind: string, fields: Partial<Recipe> = {}): Recipe => ({
  ...{ kind, version: 1, name: kind, params: {}, inputs: {} },
  ...fields,
});

const deb = (size: number) => recipe("deb", { params: { size }, fixed: { sha256: "0".repeat(64) } });

test("a file counts by its bytes, a build by those that it unpacks and the packages that it configures", () => {
  const debs = [deb(10 * MEBI), deb(2 * MEBI)];
  const file = deb(10 * MEBI);
  assert.deepEqual(estimateWork(file), {
    path: storePathName(file),
    name: "deb",
    fetch: 10 * MEBI,
    work: 1000,
  });
  const work = (one: Recipe) => estimateWork(one).work;
  assert.equal(work(recipe("debian-layer", { inputs: { debs } })), 50 + 12 * 65 + 2 * 33);
  assert.equal(work(recipe("debian-tools", { inputs: { debs } })), 50 + 12 * 65);
  assert.equal(work(recipe("initrd", { inputs: { kernel: file } })), 50);
  assert.equal(estimateWork(recipe("initrd")).fetch, undefined);
});

test("a file of unknown size counts as nothing", () => {
  assert.deepEqual(
    [null, "text", { size: "9" }].map((params) => estimateWork({ ...deb(1), params }).work),
    [0, 0, 0],
  );
});
