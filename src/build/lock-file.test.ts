import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryDirectory } from "../os/testing/temporary-directory.ts";
import { EMPTY_LOCK, formatLock, type Lock } from "../packages/lock.ts";
import { readLock, writeLock } from "./lock-file.ts";

const LOCK: Lock = {
  version: 3,
  references: {},
  packageSets: {
    "debian/trixie/amd64/main": {
      releases: {},
      packages: {},
      resolutions: {},
    },
  },
};

test("a project without a lock file has an empty lock", (t) => {
  assert.deepEqual(readLock(temporaryDirectory(t)), EMPTY_LOCK);
});

test("a lock is read as it was written", (t) => {
  const project = temporaryDirectory(t);
  assert.equal(writeLock(project, EMPTY_LOCK, LOCK), undefined);
  assert.deepEqual(readLock(project), LOCK);
  assert.equal(readFileSync(join(project, "microvm.lock"), "utf8"), formatLock(LOCK));
});

test("a lock that did not change is not written", (t) => {
  const project = temporaryDirectory(t);
  assert.equal(writeLock(project, LOCK, LOCK), undefined);
  assert.ok(!existsSync(join(project, "microvm.lock")));
});

test("a damaged lock file is named", (t) => {
  const project = temporaryDirectory(t);
  writeFileSync(join(project, "microvm.lock"), "[]");
  assert.throws(() => readLock(project), {
    code: "lock-invalid",
    message: `Cannot read the lock file "${join(project, "microvm.lock")}": it is no object`,
  });
});

test("a project that cannot be written to is a warning that says what it costs", (t) => {
  const project = join(temporaryDirectory(t), "file");
  writeFileSync(project, "");
  assert.deepEqual(readLock(project), EMPTY_LOCK);
  const path = join(project, "microvm.lock");
  assert.match(
    writeLock(project, EMPTY_LOCK, LOCK)!.replace(`"${path}" (ENOTDIR`, "PATH (CODE"),
    /^Cannot write PATH \(CODE: not a directory, open '[^']+'\): what it lacks is resolved anew each time$/,
  );
});
