import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { ProjectLocation } from "../config/index.ts";
import { repository } from "../config/references/testing/repository.ts";
import { temporaryDirectory } from "../os/testing/temporary-directory.ts";
import { EMPTY_LOCK, formatLock } from "../packages/lock.ts";
import { LOCK_FILE } from "../paths.ts";
import { matchingReference, pinReferences, referencesOf, resolveDeclared } from "./declared-references.ts";
import { readLock } from "./lock-file.ts";

const projectIn = (directory: string): ProjectLocation => ({
  ...{ file: join(directory, "microvm.config.ts"), directory, root: directory, self: `path:${directory}` },
});

const CONFIG = { "microvm.config.ts": "export default {};" };

test("a declared reference is pinned when it is first resolved, and stays until it is updated", async (t) => {
  const { reference, path, commit } = repository(t);
  const first = commit(CONFIG);
  const directory = temporaryDirectory(t);
  const declaredIn = projectIn(directory);
  const options = { declaredIn, storeDirectory: join(temporaryDirectory(t), "store") };
  const revOf = async (more: object = {}) =>
    (await resolveDeclared(`${reference}?ref=main#web`, { ...options, ...more })).fetched?.pin.rev;
  assert.equal(await revOf(), first);
  const { references } = readLock(directory);
  assert.deepEqual(Object.keys(references), [`${reference}?ref=main`]);
  assert.deepEqual(
    { ...references[`${reference}?ref=main`], digest: "" },
    { rev: first, lastModified: 1790000000, digest: "" },
  );
  const second = commit({ more: "" });
  assert.equal(await revOf(), first);
  assert.equal(await revOf({ update: true }), second);
  assert.equal(readLock(directory).references[`${reference}?ref=main`]?.rev, second);
  rmSync(path, { recursive: true });
  assert.equal(await revOf(), second);
});

test("a place on this machine is relative to the project, and not pinned", async (t) => {
  const directory = temporaryDirectory(t);
  const declaredIn = projectIn(directory);
  writeFileSync(join(directory, "microvm.config.ts"), "");
  const storeDirectory = join(directory, "no-store");
  const found = await resolveDeclared(".#web", { declaredIn, storeDirectory });
  assert.equal(found.directory, directory);
  assert.deepEqual(readLock(directory), EMPTY_LOCK);
});

test("a lock of a later version is refused before anything is asked", async (t) => {
  const directory = temporaryDirectory(t);
  const declaredIn = projectIn(directory);
  writeFileSync(join(directory, LOCK_FILE), '{ "version": 9 }');
  await assert.rejects(resolveDeclared("git+file:///none", { declaredIn, storeDirectory: "/none" }), {
    code: "lock-invalid",
    message: `The lock file "${join(directory, LOCK_FILE)}" is of version 9, and this program knows versions up to 3`,
  });
});

test("references are pinned together; an update tells what changed, and forgets what is not named", async (t) => {
  const one = repository(t);
  const other = repository(t);
  const first = one.commit(CONFIG);
  const lone = other.commit(CONFIG);
  const options = {
    declaredIn: projectIn(temporaryDirectory(t)),
    storeDirectory: join(temporaryDirectory(t), "store"),
    ...{ forget: false, dryRun: false, update: () => false },
  };
  const both = [one.reference, other.reference];
  const locked = await pinReferences(EMPTY_LOCK, both, options);
  assert.deepEqual(locked.reports, [
    { reference: one.reference, status: "locked", rev: first },
    { reference: other.reference, status: "locked", rev: lone },
  ]);
  const again = await pinReferences(locked.lock, both, options);
  assert.equal(again.lock, locked.lock);
  const second = one.commit({ more: "" });
  const updated = [{ reference: one.reference, status: "updated", rev: second, from: first }];
  const dry = await pinReferences(locked.lock, [one.reference], {
    ...options,
    update: () => true,
    dryRun: true,
  });
  assert.deepEqual(dry.reports, updated);
  const after = await pinReferences(locked.lock, [one.reference], {
    ...options,
    update: () => true,
    forget: true,
  });
  assert.deepEqual(after.reports, updated);
  assert.deepEqual(Object.keys(after.lock.references), [one.reference]);
  assert.equal(formatLock(after.lock).match(/"rev"/g)?.length, 1);
});

test("the references of hosts are told in one form, and a wrong one with where it stands", () => {
  const host = (flakes: readonly unknown[]) => {
    const vms = Object.fromEntries(flakes.map((flake, index) => [`vm${index}`, { flake }]));
    return [{ name: "lab", config: { microvm: { vms } }, warnings: [], vms: [] }];
  };
  const flakes = [
    "git+https://h/b/#web",
    "git+https://h/b?ref=x&dir=a",
    "path:/a",
    ".",
    null,
    "git+https://h/b",
  ];
  assert.deepEqual(referencesOf(host(flakes)), ["git+https://h/b", "git+https://h/b?dir=a&ref=x"]);
  assert.throws(() => referencesOf(host([".", "github:a/b"])), {
    code: "unsupported",
    message:
      'In "microvm.vms.vm1.flake" of the host "lab": Cannot use the reference "github:a/b": references of the kind "github:" are not supported yet',
  });
});

test("a reference that is to be updated must be one that is named", () => {
  const named = ["git+https://example.org/one?ref=main", "git+https://example.org/two"];
  assert.equal(matchingReference(named, "git+https://example.org/one/?ref=main#web"), named[0]);
  assert.equal(matchingReference(named, "trixie"), undefined);
  assert.throws(() => matchingReference(named, "git+https://example.org/tow"), {
    code: "bad-usage",
    message: 'No host of the project names the reference "git+https://example.org/tow"',
    hint: 'Did you mean "git+https://example.org/two"?',
  });
  assert.throws(() => matchingReference([], "git+https://example.org/x"), {
    hint: "Its hosts name none; for another project, write it in front of --update",
  });
});
