import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, before, beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "../../os/files.ts";
import { fetchIndex } from "./fetch-index.ts";
import { debian } from "./package-set.ts";
import { fetchRelease } from "./release.ts";
import { type FixtureKey, type FixtureMirrorOptions, makeKey, makeMirror } from "./testing.ts";

let directory: string;
let key: FixtureKey;

before(async () => {
  key = await makeKey();
});

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "mirror-"));
});

afterEach(() => rmSync(directory, { recursive: true }));

async function makeSet(options: FixtureMirrorOptions = {}, suite = "trixie") {
  const packages = [
    { name: "a", fields: { Depends: "b (>= 1)" } },
    { name: "b", version: "2:1.0-1" },
  ];
  const { mirror, keyring } = await makeMirror(join(directory, "debian"), packages, { key, ...options });
  const set = debian({ suite, architecture: "amd64", mirror, keyring });
  return { set, mirror, indices: join(directory, "indices") };
}

for (const indexForm of ["gz", "xz"] as const) {
  test(`an index compressed with ${indexForm} is fetched and kept`, async () => {
    const { set, mirror, indices } = await makeSet({ indexForm });
    const release = await fetchRelease(set, mirror);
    const index = await fetchIndex(set, release, mirror, indices);
    assert.deepEqual([...index.names()], ["a", "b"]);
    assert.equal(index.get("b")?.version, "2:1.0-1");
    assert.equal(index.get("b")?.file, "pool/main/b_1.0-1_amd64.deb");
    assert.deepEqual(readdirSync(indices), [
      release.files.get(`main/binary-amd64/Packages.${indexForm}`)?.sha256,
      "parsed",
    ]);
    rmSync(fileURLToPath(mirror), { recursive: true });
    assert.ok((await fetchIndex(set, release, mirror, indices)).get("a"));
  });
}

test("a kept index that was changed is fetched again", async () => {
  const { set, mirror, indices } = await makeSet();
  const release = await fetchRelease(set, mirror);
  await fetchIndex(set, release, mirror, indices);
  writeFileSync(join(indices, readdirSync(indices)[0]!), "changed");
  assert.ok((await fetchIndex(set, release, mirror, indices)).get("a"));
});

test("an index that is not what the Release says is an error", async () => {
  const { set, mirror, indices } = await makeSet();
  const release = await fetchRelease(set, mirror);
  const file = release.files.get("main/binary-amd64/Packages.gz")!;
  const path = join(fileURLToPath(mirror), "dists/trixie/main/binary-amd64/by-hash/SHA256", file.sha256);
  const changed = readFileSync(path);
  changed[changed.length - 1]! ^= 1;
  writeFileSync(path, changed);
  await assert.rejects(fetchIndex(set, release, mirror, indices), {
    code: "checksum-mismatch",
    message: /^Wrong checksum of "file:.*": expected [0-9a-f]{64}, found [0-9a-f]{64}$/,
  });
  assert.deepEqual(readdirSync(indices), []);
});

test("a changed InRelease is not trusted", async () => {
  const { set, mirror } = await makeSet();
  const path = join(fileURLToPath(mirror), "dists/trixie/InRelease");
  writeFileSync(path, readFileSync(path, "utf8").replace("Origin: Test", "Origin: Tess"));
  await assert.rejects(fetchRelease(set, mirror), {
    code: "signature-invalid",
    message: /^Cannot trust suite "trixie" of /,
  });
});

test("another suite in its place is an error", async () => {
  const { set, mirror } = await makeSet();
  const directoryOfMirror = fileURLToPath(mirror);
  await makeMirror(directoryOfMirror, [], { key, suite: "bookworm" });
  const dists = join(directoryOfMirror, "dists");
  writeFileSync(join(dists, "trixie/InRelease"), readFileSync(join(dists, "bookworm/InRelease")));
  await assert.rejects(fetchRelease(set, mirror), {
    code: "signature-invalid",
    message: `Asked "${mirror}" for suite "trixie", found suite "stable", code name "bookworm"`,
  });
});

test("a Release past its time is an error, unless it is a snapshot's", async () => {
  const { set, mirror } = await makeSet({ validUntil: "Sat, 12 Sep 2020 07:55:41 UTC" });
  await assert.rejects(fetchRelease(set, mirror), {
    code: "signature-invalid",
    message: `Cannot trust suite "trixie" of "${mirror}": it was valid until "Sat, 12 Sep 2020 07:55:41 UTC"`,
  });
  await fetchRelease({ ...set, snapshot: "20200912T000000Z" }, mirror);
});

test("a component that the suite does not have is an error", async () => {
  const { set, mirror, indices } = await makeSet();
  const release = await fetchRelease(set, mirror);
  await assert.rejects(fetchIndex({ ...set, components: ["contrib"] }, release, mirror, indices), {
    code: "config-invalid",
    message: 'Suite "trixie" has no component "contrib" for architecture "amd64"',
  });
});
