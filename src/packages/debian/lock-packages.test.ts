import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, before, beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";
import { mkdtempSync, rmSync } from "../../os/files.ts";
import { formatLock, type LockedPackageSet, parseLock } from "../lock.ts";
import { type LockPackagesOptions, lockPackages } from "./lock-packages.ts";
import { type DebianPackageSet, debian } from "./package-set.ts";
import { packageSetKey } from "./package-set-key.ts";
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

async function mirrorOf(packages: readonly FixturePackage[], date?: string) {
  const options = { key, ...(date !== undefined && { date }) };
  const { mirror, keyring } = await makeMirror(join(directory, "debian"), packages, options);
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
  assert.equal(result.date, Date.parse("Sat, 12 Sep 2026 07:55:41 UTC") / 1000);
  assert.deepEqual(parseLock(formatLock(result.lock)), result.lock);
});

test("what is locked is not fetched again", async () => {
  const set = await mirrorOf(PACKAGES);
  const first = await lock({ set, requests: [base, guest] });
  rmSync(fileURLToPath(set.mirror![0]!), { recursive: true });
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

/** Moves the mirror on: newer versions, of which it lists only those. */
const newer = (names: readonly string[]) =>
  PACKAGES.map((one) => (names.includes(one.name) ? { ...one, version: "2.0-1" } : one));

test("a new wish is resolved against the locked state of the archive, though it has moved on", async () => {
  const set = await mirrorOf(PACKAGES);
  const first = await lock({ set, requests: [base] });
  await mirrorOf(newer(["base-files", "libx", "nginx"]));
  const second = await lock({ set, requests: [base, guest], lock: first.lock });
  assert.deepEqual(second.names, { base: ["base-files 1.0-1"], guest: ["libx 1.0-1", "nginx 1.0-1"] });
  const [before, after] = [first, second].map(({ lock }) => Object.values(lock.packageSets)[0]!);
  assert.deepEqual(after!.releases, before!.releases);
});

test("the locked index is fetched by its checksum when it is not kept", async () => {
  const set = await mirrorOf(PACKAGES);
  const first = await lock({ set, requests: [base] });
  await mirrorOf(newer(["base-files", "libx", "nginx"]));
  rmSync(join(directory, "indices"), { recursive: true });
  const second = await lock({ set, requests: [base, guest], lock: first.lock });
  assert.deepEqual(second.names.guest, ["libx 1.0-1", "nginx 1.0-1"]);
});

/** The locked index is nowhere any more. */
async function forget(set: DebianPackageSet) {
  rmSync(join(directory, "indices"), { recursive: true });
  rmSync(join(fileURLToPath(set.mirror![0]!), "dists"), { recursive: true });
}

test("when the locked state is gone, versions that the archive still lists stay", async () => {
  const set = await mirrorOf(PACKAGES);
  const first = await lock({ set, requests: [base, guest] });
  await forget(set);
  const moved = [...newer(["libx", "nginx"]), { name: "libx" }, { name: "jq" }];
  await mirrorOf(moved);
  const more = { ...guest, wanted: ["nginx", "jq"] };
  const second = await lock({ set, requests: [base, more], lock: first.lock });
  assert.deepEqual(second.names, {
    base: ["base-files 1.0-1"],
    guest: ["jq 1.0-1", "libx 1.0-1", "nginx 2.0-1"],
  });
});

test("when the locked versions do not fit together any more, all are resolved anew", async () => {
  const set = await mirrorOf(PACKAGES);
  const first = await lock({ set, requests: [base, guest] });
  await forget(set);
  const nginx = { name: "nginx", version: "2.0-1", fields: { Depends: "libx (>= 2), base-files" } };
  await mirrorOf([
    ...newer(["libx"]).filter(({ name }) => name !== "nginx"),
    { name: "libx" },
    nginx,
    { name: "jq" },
  ]);
  const more = { ...guest, wanted: ["nginx", "jq"] };
  const second = await lock({ set, requests: [base, more], lock: first.lock });
  assert.deepEqual(second.names.guest, ["jq 1.0-1", "libx 2.0-1", "nginx 2.0-1"]);
});

test("what the locked state does not have is said with where to look", async () => {
  const set = await mirrorOf(PACKAGES);
  const first = await lock({ set, requests: [base] });
  await mirrorOf([...PACKAGES, { name: "jq" }]);
  await assert.rejects(lock({ set, requests: [base, { ...guest, wanted: ["jq"] }], lock: first.lock }), {
    code: "package-not-found",
    message: 'Package "jq" is not in debian/trixie/amd64/main#KEY'.replace("KEY", keyOf(set)),
    hint: "Check its name, the suite and the components. The archive was asked as the lock has seen it; to see what it has now: microvm lock --update",
  });
});

const keyOf = (set: DebianPackageSet) => packageSetKey(set).split("#")[1]!;

test("a refresh takes the newest versions", async () => {
  const set = await mirrorOf(PACKAGES);
  const first = await lock({ set, requests: [base] });
  await mirrorOf(PACKAGES.map((one) => ({ ...one, version: "2.0-1" })));
  assert.deepEqual((await lock({ set, requests: [base], lock: first.lock })).names, first.names);
  const refreshed = await lock({ set, requests: [base], lock: first.lock, refresh: true });
  assert.deepEqual(refreshed.names, { base: ["base-files 2.0-1"] });
});

test("a lock of version 1 is used as it is", async () => {
  const set = { ...(await mirrorOf(PACKAGES)), hold: [] };
  const first = await lock({ set, requests: [base, guest] });
  const [[key, { releases, ...rest }]] = Object.entries(first.lock.packageSets) as [
    [string, LockedPackageSet],
  ];
  const { suite, codename, date, sha256 } = releases.trixie!;
  const old = { version: 1, packageSets: { [key]: { release: { suite, codename, date, sha256 }, ...rest } } };
  rmSync(fileURLToPath(set.mirror![0]!), { recursive: true });
  const migrated = parseLock(JSON.stringify(old));
  // Its name in the lock was without what stands behind the mark.
  const named = { ...migrated, packageSets: { [key]: Object.values(migrated.packageSets)[0]! } };
  const again = await lock({ set, requests: [base, guest], lock: named });
  assert.deepEqual([again.names, again.lock, again.date], [first.names, named, first.date]);
});

test("packages that are held stay at their locked version in a refresh, though the archive dropped it", async () => {
  const set = { ...(await mirrorOf(PACKAGES)), hold: ["libx"] };
  const first = await lock({ set, requests: [base, guest] });
  await mirrorOf(newer(["base-files", "libx", "nginx"]));
  const second = await lock({ set, requests: [base, guest], lock: first.lock, refresh: true });
  assert.deepEqual(second.names, { base: ["base-files 2.0-1"], guest: ["libx 1.0-1", "nginx 2.0-1"] });
  await forget(set);
  await mirrorOf(newer(["base-files", "libx", "nginx"]));
  await assert.rejects(lock({ set, requests: [base, guest], lock: first.lock, refresh: true }), {
    code: "package-gone",
    message:
      'The held package "libx" 1.0-1 is no longer in the archive, nor can the index be had that it was locked from',
    hint: 'Take "libx" out of "hold", or keep its file in the project: packages: ["./libx.deb"]',
  });
});

test("an archive that went back in time is refused, unless a person wants it", async () => {
  const set = await mirrorOf(PACKAGES, "Sat, 12 Sep 2026 07:55:41 UTC");
  const first = await lock({ set, requests: [base] });
  await mirrorOf(PACKAGES, "Fri, 11 Sep 2026 07:55:41 UTC");
  const wish = { set, requests: [base], lock: first.lock, refresh: true };
  await assert.rejects(lock(wish), { code: "release-outdated" });
  const back = await lock({ ...wish, allowDowngrade: true });
  assert.equal(back.date, first.date - 86_400);
});

test("a set that differs in a pin keeps the versions that are locked for the other", async () => {
  const set = await mirrorOf(PACKAGES);
  const first = await lock({ set, requests: [base, guest] });
  await mirrorOf([...newer(["libx"]), { name: "libx" }]);
  const pinned = { ...set, forbid: ["jq"] };
  const second = await lock({ set: pinned, requests: [base, guest], lock: first.lock });
  assert.deepEqual(second.names, first.names);
  assert.equal(Object.keys(second.lock.packageSets).length, 2);
});

test("other package sets in the lock are kept", async () => {
  const set = await mirrorOf(PACKAGES);
  const first = await lock({ set, requests: [base] });
  await makeMirror(join(directory, "debian"), PACKAGES, { key, suite: "sid" });
  const second = await lock({ set: { ...set, suite: "sid" }, requests: [base], lock: first.lock });
  assert.deepEqual(Object.keys(second.lock.packageSets), [
    packageSetKey(set),
    packageSetKey({ ...set, suite: "sid" }),
  ]);
});

test("an unknown package is said with its package set", async () => {
  const set = await mirrorOf(PACKAGES);
  await assert.rejects(lock({ set, requests: [{ ...base, wanted: ["nginxx"] }] }), {
    code: "package-not-found",
    message: `Package "nginxx" is not in ${packageSetKey(set)}`,
    hint: 'Did you mean "nginx"?',
  });
});
