import assert from "node:assert/strict";
import { chmodSync, linkSync, lstatSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { temporaryDirectory } from "./testing/temporary-store.ts";
import { summariseTree } from "./tree.ts";

function sampleTree(context: TestContext, change?: (root: string) => void): string {
  const root = temporaryDirectory(context);
  mkdirSync(join(root, "a/b"), { recursive: true });
  writeFileSync(join(root, "a/b/file"), "content");
  writeFileSync(join(root, "a/big"), Buffer.alloc(3_000_000, 5));
  symlinkSync("nowhere", join(root, "link"));
  change?.(root);
  return root;
}

const digest = async (root: string) => (await summariseTree(root)).digest;

test("the same tree has the same digest, whenever and in whatever order it was written", async (context) => {
  const other = sampleTree(context, (root) => {
    writeFileSync(join(root, "a/b/z"), "");
    writeFileSync(join(root, "a/b/c"), "");
  });
  const one = sampleTree(context, (root) => {
    writeFileSync(join(root, "a/b/c"), "");
    writeFileSync(join(root, "a/b/z"), "");
  });
  assert.deepEqual(await summariseTree(one), await summariseTree(other));
  assert.equal((await summariseTree(one)).size, 3_000_007);
  assert.equal((await summariseTree(one)).entries, 8);
});

test("contents, names, modes and link targets each change the digest", async (context) => {
  const changes: ((root: string) => void)[] = [
    () => {},
    (root) => writeFileSync(join(root, "a/b/file"), "Content"),
    (root) => writeFileSync(join(root, "a/b/file2"), ""),
    (root) => chmodSync(join(root, "a/b/file"), 0o4755),
    (root) => symlinkSync("elsewhere", join(root, "link2")),
    (root) => symlinkSync("nowhere", join(root, "link2")),
    (root) => mkdirSync(join(root, "empty")),
  ];
  const digests = await Promise.all(changes.map((change) => digest(sampleTree(context, change))));
  assert.equal(new Set(digests).size, changes.length);
});

test("hard links count as the files that they are", async (context) => {
  const linked = sampleTree(context, (root) => linkSync(join(root, "a/b/file"), join(root, "copy")));
  const copied = sampleTree(context, (root) => writeFileSync(join(root, "copy"), "content"));
  assert.equal(await digest(linked), await digest(copied));
});

test("normalised trees have one time and canonical modes", async (context) => {
  const root = sampleTree(context, (top) => chmodSync(join(top, "a/big"), 0o4751));
  await summariseTree(root, { normalise: { exactModes: false } });
  const modeAndTime = (path: string) => {
    const { mode, mtimeMs } = lstatSync(join(root, path));
    return [mode & 0o7777, mtimeMs];
  };
  assert.deepEqual(modeAndTime("a"), [0o555, 1000]);
  assert.deepEqual(modeAndTime("a/big"), [0o555, 1000]);
  assert.deepEqual(modeAndTime("a/b/file"), [0o444, 1000]);
  assert.equal(modeAndTime("link")[1], 1000);
});

test("exact modes are left alone", async (context) => {
  const root = sampleTree(context, (top) => chmodSync(join(top, "a/big"), 0o4751));
  await summariseTree(root, { normalise: { exactModes: true } });
  assert.equal(lstatSync(join(root, "a/big")).mode & 0o7777, 0o4751);
});

test("a file name that is not UTF-8 is refused", async (context) => {
  const root = sampleTree(context, (top) => {
    writeFileSync(Buffer.concat([Buffer.from(`${top}/`), Buffer.from([0xff, 0x61])]), "");
  });
  await assert.rejects(digest(root), { code: "unsupported", message: /is not UTF-8/ });
});
