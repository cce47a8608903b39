import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { explainFullDisk, readTextIfExists, removeTree, writeFileAtomically } from "./files.ts";
import { temporaryDirectory } from "./testing/temporary-directory.ts";

test("a file is replaced as a whole, and nothing is left beside it", (t) => {
  const directory = temporaryDirectory(t);
  const path = join(directory, "file");
  writeFileAtomically(path, "old");
  writeFileAtomically(path, "new");
  assert.equal(readFileSync(path, "utf8"), "new");
  assert.deepEqual(readdirSync(directory), ["file"]);
});

test("a file that cannot be written leaves the old one, and nothing beside it", (t) => {
  const directory = temporaryDirectory(t);
  mkdirSync(join(directory, "taken"));
  writeFileSync(join(directory, "taken/file"), "old");
  assert.throws(() => writeFileAtomically(join(directory, "taken"), "new"), { code: "EISDIR" });
  assert.throws(() => writeFileAtomically(join(directory, "none/file"), "new"), { code: "ENOENT" });
  assert.equal(readFileSync(join(directory, "taken/file"), "utf8"), "old");
  assert.deepEqual(readdirSync(directory), ["taken"]);
});

test("a file that is not there has no text, also below what is no directory", (t) => {
  const directory = temporaryDirectory(t);
  writeFileSync(join(directory, "file"), "text");
  assert.equal(readTextIfExists(join(directory, "file")), "text");
  assert.equal(readTextIfExists(join(directory, "none")), undefined);
  assert.equal(readTextIfExists(join(directory, "file/none")), undefined);
  assert.throws(() => readTextIfExists(directory), { code: "EISDIR" });
});

test("a tree is removed with its read-only directories, or was not there", async (t) => {
  const tree = join(temporaryDirectory(t), "tree");
  mkdirSync(join(tree, "a/b"), { recursive: true });
  writeFileSync(join(tree, "a/b/file"), "");
  for (const path of ["a/b", "a"]) chmodSync(join(tree, path), 0o555);
  await removeTree(tree);
  assert.ok(!existsSync(tree));
  await removeTree(tree);
});

test("a full disk is said to be full, and other faults stay what they are", () => {
  const full = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
  const { code, message, hint } = explainFullDisk(full, "/store") as {
    code: string;
    message: string;
    hint: string;
  };
  assert.equal(code, "no-space");
  assert.equal(
    message,
    'Cannot write below "/store": no space left (ENOSPC: no space left on device, write)',
  );
  assert.equal(hint, "Free some space there, or set MICROVM_STORE to a directory on a larger disk");
  const other = new Error("other");
  assert.equal(explainFullDisk(other, "/store"), other);
});
