import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, before, beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "../../os/files.ts";
import { debian, ubuntu } from "./package-set.ts";
import { fetchRelease } from "./release.ts";
import { sourcesOf } from "./sources.ts";
import { type FixtureKey, type FixtureMirrorOptions, makeKey, makeMirror } from "./testing.ts";

let directory: string;
let key: FixtureKey;

before(async () => {
  key = await makeKey();
});

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "release-"));
});

afterEach(() => rmSync(directory, { recursive: true }));

async function archive(options: FixtureMirrorOptions = {}, name = "debian") {
  const { mirror, keyring } = await makeMirror(join(directory, name), [], { key, ...options });
  const { suite = "trixie" } = options;
  return { mirror, source: sourcesOf(debian({ suite, architecture: "amd64", mirror, keyring }))[0]! };
}

/** Copies one suite's InRelease over another's. */
function replay(mirror: string, from: string, to: string): void {
  const path = (suite: string) => join(fileURLToPath(mirror), "dists", suite, "InRelease");
  writeFileSync(path(to), readFileSync(path(from)));
}

test("what a Release says of its suite is read", async () => {
  const fields = ["NotAutomatic: yes", "ButAutomaticUpgrades: yes", "Label: Backports"];
  const { mirror, source } = await archive({ fields });
  const release = await fetchRelease(source, [mirror]);
  const { suite, codename, origin, label, byHash, notAutomatic, butAutomaticUpgrades } = release;
  assert.deepEqual(
    [suite, codename, origin, label, byHash, notAutomatic, butAutomaticUpgrades, release.mirror],
    ["stable", "trixie", "Test", "Backports", true, true, true, mirror],
  );
});

test("a changed InRelease is not trusted", async () => {
  const { mirror, source } = await archive();
  const path = join(fileURLToPath(mirror), "dists/trixie/InRelease");
  writeFileSync(path, readFileSync(path, "utf8").replace("Origin: Test", "Origin: Tess"));
  await assert.rejects(fetchRelease(source, [mirror]), {
    code: "signature-invalid",
    message: /^Cannot trust suite "trixie" of "file:.*": the signature of key [0-9a-f]{16} is bad /,
  });
});

test("another suite in its place is an error", async () => {
  const { mirror, source } = await archive();
  await archive({ suite: "bookworm" });
  replay(mirror, "bookworm", "trixie");
  await assert.rejects(fetchRelease(source, [mirror]), {
    code: "signature-invalid",
    message: `Asked "${mirror}" for suite "trixie", found suite "stable", code name "bookworm"`,
  });
});

test("a pocket in place of its release is an error, though both have one code name", async () => {
  const { mirror, keyring } = await makeMirror(join(directory, "ubuntu"), [], {
    key,
    suite: "noble",
    suiteName: "noble",
  });
  const pocket = { key, suite: "noble-security", suiteName: "noble-security", codename: "noble" };
  await makeMirror(join(directory, "ubuntu"), [], pocket);
  const set = ubuntu({ suite: "noble", architecture: "amd64", mirror, keyring, security: true });
  const [release, security] = sourcesOf(set);
  assert.equal((await fetchRelease(release!, [mirror])).suite, "noble");
  assert.equal((await fetchRelease(security!, [mirror])).suite, "noble-security");
  replay(mirror, "noble-security", "noble");
  await assert.rejects(fetchRelease(release!, [mirror]), {
    code: "signature-invalid",
    message: `Asked "${mirror}" for suite "noble", found suite "noble-security", code name "noble"`,
  });
});

test("a Release past its time is an error, unless a person says that it is meant to be old", async () => {
  const { mirror, source } = await archive({ validUntil: "Sat, 12 Sep 2020 07:55:41 UTC" });
  await assert.rejects(fetchRelease(source, [mirror]), {
    code: "release-outdated",
    message: `Cannot trust suite "trixie" of "${mirror}": it was valid until "Sat, 12 Sep 2020 07:55:41 UTC"`,
    hint: "Check this machine's clock, use a mirror that is up to date, or, for an archive that is meant to be old, set checkValidUntil: false",
  });
  await fetchRelease({ ...source, checkValidUntil: false }, [mirror]);
});

test("a Release that is older than what was seen is an error", async () => {
  const { mirror, source } = await archive({ date: "Sat, 12 Sep 2026 07:55:41 UTC" });
  await fetchRelease(source, [mirror], { notBefore: "Sat, 12 Sep 2026 07:55:41 UTC" });
  await assert.rejects(fetchRelease(source, [mirror], { notBefore: "Sat, 12 Sep 2026 07:55:42 UTC" }), {
    code: "release-outdated",
    message: `Cannot trust suite "trixie" of "${mirror}": it is of "Sat, 12 Sep 2026 07:55:41 UTC", and the lock has seen "Sat, 12 Sep 2026 07:55:42 UTC"`,
    hint: "Use a mirror that is up to date, or go back on purpose: microvm lock --update --allow-downgrade",
  });
});

test("a Release without a date is an error, since its age cannot be told", async () => {
  const { mirror, source } = await archive({ date: "soon" });
  await assert.rejects(fetchRelease(source, [mirror]), {
    code: "index-invalid",
    message: `Cannot use suite "trixie" of "${mirror}": its Release has no readable date`,
  });
});

test("the key of one repository does not count for another", async () => {
  const { mirror, source } = await archive();
  const other = await makeKey();
  await assert.rejects(fetchRelease({ ...source, keyring: other.publicKey }, [mirror]), {
    code: "signature-invalid",
    message: /: no trusted and unexpired key signed it; it is signed by [0-9a-f]{16}$/,
  });
  await assert.rejects(fetchRelease({ ...source, keyring: null }, [mirror]), { code: "signature-invalid" });
});

test("a keyring's relative path begins at the project", async () => {
  const { mirror, source } = await archive();
  writeFileSync(join(directory, "own.asc"), key.publicKey);
  const keyed = { ...source, keyring: "./own.asc" };
  await fetchRelease(keyed, [mirror], { projectDirectory: directory });
  await assert.rejects(fetchRelease(keyed, [mirror], { projectDirectory: "/nowhere" }), {
    message: 'Cannot read the keyring "/nowhere/own.asc": there is no such file',
  });
});

test("a repository without dists has its Release at its own path, and needs no name", async () => {
  const { mirror, keyring } = await makeMirror(join(directory, "flat"), [{ name: "tool" }], {
    key,
    flat: "deb",
  });
  const repositories = { flat: { mirror, suite: "deb/", keyring } };
  const set = debian({ suite: "trixie", architecture: "amd64", repositories });
  const release = await fetchRelease(sourcesOf(set).at(-1)!, [mirror]);
  assert.deepEqual([...release.files.keys()], ["Packages.gz", "Packages"]);
});
