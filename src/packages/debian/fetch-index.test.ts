import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, before, beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "../../os/files.ts";
import { fetchIndices, releaseState } from "./fetch-index.ts";
import { newMirrorPool } from "./mirror-pool.ts";
import { openIndex } from "./package-index.ts";
import { debian } from "./package-set.ts";
import { fetchRelease } from "./release.ts";
import { type ArchiveSource, sourcesOf } from "./sources.ts";
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

async function makeSource(options: FixtureMirrorOptions = {}, suite = "trixie") {
  const packages = [
    { name: "a", fields: { Depends: "b (>= 1)" } },
    { name: "b", version: "2:1.0-1" },
  ];
  const { mirror, keyring } = await makeMirror(join(directory, "debian"), packages, { key, ...options });
  const [source] = sourcesOf(debian({ suite, architecture: "amd64", mirror, keyring }));
  return { source: source!, mirror, indices: join(directory, "indices") };
}

/** The index of a source as its mirror has it now. */
async function indexOf(source: ArchiveSource, mirror: string, indices: string, architecture = "amd64") {
  const state = releaseState(source, await fetchRelease(source, [mirror]), architecture);
  return { state, index: openIndex(await indicesOf(source, mirror, indices, state), architecture) };
}

function indicesOf(
  source: ArchiveSource,
  mirror: string,
  indicesDirectory: string,
  state: ReturnType<typeof releaseState>,
) {
  return fetchIndices(source, state, { mirrors: [mirror], pool: newMirrorPool(), indicesDirectory });
}

for (const indexForm of ["gz", "xz"] as const) {
  test(`an index compressed with ${indexForm} is fetched and kept`, async () => {
    const { source, mirror, indices } = await makeSource({ indexForm });
    const { state, index } = await indexOf(source, mirror, indices);
    assert.deepEqual([...index.names()], ["a", "b"]);
    assert.equal(index.get("b")?.version, "2:1.0-1");
    assert.equal(index.get("b")?.file, "pool/main/b_1.0-1_amd64.deb");
    // Of xz the text is kept, which takes no time to read.
    const { sha256, text } = state.indices.main!;
    assert.deepEqual(readdirSync(indices), [indexForm === "xz" ? text : sha256]);
    rmSync(fileURLToPath(mirror), { recursive: true });
    const again = openIndex(await indicesOf(source, mirror, indices, state), "amd64");
    assert.ok(again.get("a"));
  });
}

test("a kept index that was changed is fetched again", async () => {
  const { source, mirror, indices } = await makeSource();
  await indexOf(source, mirror, indices);
  writeFileSync(join(indices, readdirSync(indices)[0]!), "changed");
  assert.ok((await indexOf(source, mirror, indices)).index.get("a"));
});

test("a kept index that is damaged is noticed when it is read, and fetched anew the next time", async () => {
  const { source, mirror, indices } = await makeSource();
  await indexOf(source, mirror, indices);
  const path = join(indices, readdirSync(indices)[0]!);
  const damaged = readFileSync(path);
  damaged[damaged.length - 9]! ^= 1;
  writeFileSync(path, damaged);
  await assert.rejects(indexOf(source, mirror, indices), {
    code: "checksum-mismatch",
    message: `The kept index "${path}" was damaged and is removed`,
    hint: "Run the command again: it is fetched anew",
  });
  assert.ok((await indexOf(source, mirror, indices)).index.get("a"));
});

test("an index that is not what the Release says is an error", async () => {
  const { source, mirror, indices } = await makeSource();
  const state = releaseState(source, await fetchRelease(source, [mirror]), "amd64");
  const { sha256 } = state.indices.main!;
  const path = join(fileURLToPath(mirror), "dists/trixie/main/binary-amd64/by-hash/SHA256", sha256);
  const changed = readFileSync(path);
  changed[changed.length - 1]! ^= 1;
  writeFileSync(path, changed);
  await assert.rejects(indicesOf(source, mirror, indices, state), {
    code: "checksum-mismatch",
    message: /^Wrong checksum of "file:.*": expected [0-9a-f]{64}, found [0-9a-f]{64}$/,
  });
  assert.deepEqual(readdirSync(indices), []);
});

test("an index that says it is larger than any real one is not fetched", async () => {
  for (const [field, said] of [
    ["size", "134217729 bytes, more than the 134217728"],
    ["textSize", "536870913 bytes, more than the 536870912"],
  ] as const) {
    const { source, indices, mirror } = await makeSource();
    const state = releaseState(source, await fetchRelease(source, [mirror]), "amd64");
    const huge = { ...state.indices.main!, [field]: Number(/^\d+/.exec(said)![0]) };
    rmSync(fileURLToPath(mirror), { recursive: true });
    await assert.rejects(
      async () => indicesOf(source, mirror, indices, { ...state, indices: { main: huge } }),
      {
        code: "index-invalid",
        message: `The index "main/binary-amd64/Packages.gz" of suite "trixie" has ${said} that any may have`,
        hint: "Leave out this suite or repository, or use another mirror",
      },
    );
  }
});

for (const indexForm of ["gz", "xz"] as const) {
  test(`text that is longer than the archive says is cut off (${indexForm})`, async () => {
    const { source, mirror, indices } = await makeSource({ indexForm });
    const state = releaseState(source, await fetchRelease(source, [mirror]), "amd64");
    const short = { ...state, indices: { main: { ...state.indices.main!, textSize: 10 } } };
    const read = async () => (await indicesOf(source, mirror, indices, short))[0]!.text();
    await assert.rejects(read, {
      message:
        indexForm === "gz"
          ? 'The index "main/binary-amd64/Packages.gz" of suite "trixie" has more text, more than the 10 that any may have'
          : "Cannot decompress: the xz stream holds more than 10 bytes",
    });
  });

  test(`text that another archive had is not taken for this one's (${indexForm})`, async () => {
    const { source, mirror, indices } = await makeSource({ indexForm });
    const state = releaseState(source, await fetchRelease(source, [mirror]), "amd64");
    const text = "0".repeat(64);
    const other = { ...state, indices: { main: { ...state.indices.main!, text } } };
    const read = async () => (await indicesOf(source, mirror, indices, other))[0]!.text();
    await assert.rejects(read, {
      code: "checksum-mismatch",
      message:
        /^Wrong checksum of the text of "main\/binary-amd64\/Packages\..z" of suite "trixie": expected 0{64}, found /,
    });
  });
}

test("a component that the suite does not have is an error", async () => {
  const { source, mirror } = await makeSource();
  const release = await fetchRelease(source, [mirror]);
  assert.throws(() => releaseState({ ...source, components: ["contrib"] }, release, "amd64"), {
    code: "config-invalid",
    message: 'Suite "trixie" has no component "contrib" for architecture "amd64"',
  });
});
