import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, before, beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";
import { mkdtempSync, rmSync } from "../../os/files.ts";
import { formatLock, parseLock } from "../lock.ts";
import { type LockPackagesOptions, lockPackages } from "./lock-packages.ts";
import { debian } from "./package-set.ts";
import { type FixtureKey, type FixturePackage, makeKey, makeMirror } from "./testing.ts";

const PACKAGES: readonly FixturePackage[] = [
  { name: "base-files", fields: { Essential: "yes" } },
  { name: "libx" },
  { name: "nginx", fields: { Depends: "libx, base-files" } },
];

let directory: string;
let key: FixtureKey;

before(async () => {
  key = await makeKey();
});

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "lock-"));
});

afterEach(() => rmSync(directory, { recursive: true }));

async function mirrorOf(packages: readonly FixturePackage[]) {
  const { mirror, keyring } = await makeMirror(join(directory, "debian"), packages, { key });
  return debian({ suite: "trixie", architecture: "amd64", mirror, keyring });
}

const base = { key: "base", wanted: [], essential: true };
const guest = { key: "guest", wanted: ["nginx"], essential: false, on: "base" };

async function lock(options: Omit<LockPackagesOptions, "indicesDirectory">) {
  const result = await lockPackages({ ...options, indicesDirectory: join(directory, "indices") });
  const names = Object.fromEntries(
    Object.entries(result.packages).map(([request, list]) => [
      request,
      list.map((one) => `${one.name} ${one.version}`),
    ]),
  );
  return { ...result, names };
}

test("requests are locked, one standing on the other", async () => {
  const set = await mirrorOf(PACKAGES);
  const result = await lock({ set, requests: [base, guest] });
  assert.deepEqual(result.names, { base: ["base-files 1.0-1"], guest: ["libx 1.0-1", "nginx 1.0-1"] });
  assert.equal(result.mirror(), set.mirror);
  assert.deepEqual(parseLock(formatLock(result.lock)), result.lock);
});

test("what is locked is not fetched again", async () => {
  const set = await mirrorOf(PACKAGES);
  const first = await lock({ set, requests: [base, guest] });
  rmSync(fileURLToPath(set.mirror!), { recursive: true });
  const steps: string[] = [];
  const again = await lock({
    set,
    requests: [base, guest],
    lock: first.lock,
    onProgress: (step) => steps.push(step),
  });
  assert.equal(again.lock, first.lock);
  assert.deepEqual(again.names, first.names);
  assert.deepEqual(steps, []);
});

test("the order of a wish does not count, its content does", async () => {
  const set = await mirrorOf(PACKAGES);
  const first = await lock({ set, requests: [base, { ...guest, wanted: ["nginx", "libx"] }] });
  const swapped = await lock({
    set,
    requests: [base, { ...guest, wanted: ["libx", "nginx"] }],
    lock: first.lock,
  });
  assert.equal(swapped.lock, first.lock);
  const changed = await lock({ set, requests: [base, guest], lock: first.lock });
  assert.notEqual(changed.lock, first.lock);
  const [resolutions] = Object.values(changed.lock.packageSets).map((one) => Object.keys(one.resolutions));
  assert.equal(resolutions?.length, 3);
});

test("when the archive has moved on, everything is resolved anew", async () => {
  const set = await mirrorOf(PACKAGES);
  const first = await lock({ set, requests: [base] });
  await mirrorOf(PACKAGES.map((one) => ({ ...one, version: "2.0-1" })));
  const second = await lock({ set, requests: [base, guest], lock: first.lock });
  assert.deepEqual(second.names, { base: ["base-files 2.0-1"], guest: ["libx 2.0-1", "nginx 2.0-1"] });
});

test("a refresh takes the newest versions", async () => {
  const set = await mirrorOf(PACKAGES);
  const first = await lock({ set, requests: [base] });
  await mirrorOf(PACKAGES.map((one) => ({ ...one, version: "2.0-1" })));
  assert.deepEqual((await lock({ set, requests: [base], lock: first.lock })).names, first.names);
  const refreshed = await lock({ set, requests: [base], lock: first.lock, refresh: true });
  assert.deepEqual(refreshed.names, { base: ["base-files 2.0-1"] });
});

test("other package sets in the lock are kept", async () => {
  const set = await mirrorOf(PACKAGES);
  const first = await lock({ set, requests: [base] });
  await makeMirror(join(directory, "debian"), PACKAGES, { key, suite: "sid" });
  const second = await lock({ set: { ...set, suite: "sid" }, requests: [base], lock: first.lock });
  assert.deepEqual(Object.keys(second.lock.packageSets), [
    "debian/trixie/amd64/main",
    "debian/sid/amd64/main",
  ]);
});

test("an unknown package is said with its package set", async () => {
  const set = await mirrorOf(PACKAGES);
  await assert.rejects(lock({ set, requests: [{ ...base, wanted: ["nginxx"] }] }), {
    code: "package-not-found",
    message: 'Package "nginxx" is not in debian/trixie/amd64/main',
    hint: 'Did you mean "nginx"?',
  });
});
