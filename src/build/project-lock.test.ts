import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { ProjectLocation } from "../config/index.ts";
import { temporaryDirectory } from "../os/testing/temporary-directory.ts";
import { EMPTY_LOCK, formatLock, type Lock, type LockedPackageSet } from "../packages/lock.ts";
import { LOCK_FILE } from "../paths.ts";
import { readLock } from "./lock-file.ts";
import { openProjectLock } from "./project-lock.ts";

const pin = { rev: "1".repeat(40), lastModified: 1790000000, digest: "2".repeat(64) };
const reference = "git+https://example.org/r";
const SET: LockedPackageSet = { releases: {}, packages: {}, resolutions: {} };
const sets = (...names: string[]): Lock => ({
  ...EMPTY_LOCK,
  packageSets: Object.fromEntries(names.map((name) => [name, { ...SET }])),
});

function fetchedProject(directory: string): ProjectLocation {
  const file = join(directory, "microvm.config.ts");
  return { file, directory, root: directory, self: reference, fetched: { reference, pin } };
}

function localProject(directory: string): ProjectLocation {
  const { fetched: _, ...project } = fetchedProject(directory);
  return project;
}

test("a project on this machine is locked beside its file", (t) => {
  const directory = temporaryDirectory(t);
  const project = localProject(directory);
  const { lock, keep } = openProjectLock(project);
  assert.deepEqual(lock, EMPTY_LOCK);
  assert.equal(keep(sets("a")), undefined);
  assert.deepEqual(openProjectLock(project).lock, sets("a"));
});

test("a fetched project is locked by its own file, and nothing is written when that has everything", (t) => {
  const [directory, declaring] = [temporaryDirectory(t), temporaryDirectory(t)];
  const declaredIn = localProject(declaring);
  const text = formatLock(sets("a"));
  writeFileSync(join(directory, LOCK_FILE), text);
  const { lock, keep } = openProjectLock(fetchedProject(directory), declaredIn);
  assert.deepEqual(lock, sets("a"));
  assert.equal(keep(lock), undefined);
  assert.deepEqual(readLock(declaring), EMPTY_LOCK);
});

test("what its lock lacks is kept in the lock of the project that names it, for that commit", (t) => {
  const [directory, declaring] = [temporaryDirectory(t), temporaryDirectory(t)];
  const declaredIn = localProject(declaring);
  writeFileSync(join(directory, LOCK_FILE), formatLock(sets("a")));
  writeFileSync(join(declaring, LOCK_FILE), formatLock(sets("own")));
  const project = fetchedProject(directory);
  const { lock, keep } = openProjectLock(project, declaredIn);
  assert.equal(keep({ ...lock, packageSets: { ...lock.packageSets, b: SET } }), undefined);
  assert.deepEqual(readLock(declaring), {
    ...sets("own"),
    references: { [reference]: { ...pin, packageSets: { b: SET } } },
  });
  assert.deepEqual(openProjectLock(project, declaredIn).lock, sets("a", "b"));
  assert.equal(readFileSync(join(directory, LOCK_FILE), "utf8"), formatLock(sets("a")));
  const other = { ...project, fetched: { reference, pin: { ...pin, rev: "3".repeat(40) } } };
  assert.deepEqual(openProjectLock(other, declaredIn).lock, sets("a"));
});

test("a project that was fetched is not written to when it names another", (t) => {
  const [directory, declaring] = [temporaryDirectory(t), temporaryDirectory(t)];
  const { keep } = openProjectLock(fetchedProject(directory), fetchedProject(declaring));
  assert.match(keep(sets("b"))!, /^The microvm.lock of ".*" lacks what was resolved now/);
  assert.deepEqual(readdirSync(declaring), []);
});

test("without a project that names it, a warning says that it is resolved anew", (t) => {
  const project = fetchedProject(temporaryDirectory(t));
  assert.equal(
    openProjectLock(project).keep(sets("b")),
    `The microvm.lock of "${reference}" lacks what was resolved now, which is resolved anew each time`,
  );
});
