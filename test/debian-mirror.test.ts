/** The package set against the real archive: this machine's own mirror, and what its dpkg unpacks. */
import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "../src/os/files.ts";
import { downloadToFile } from "../src/os/http.ts";
import { run, runToEnd } from "../src/os/processes.ts";
import { fetchIndices, releaseState } from "../src/packages/debian/fetch-index.ts";
import { debUrl, hostMirror } from "../src/packages/debian/mirror.ts";
import { newMirrorPool } from "../src/packages/debian/mirror-pool.ts";
import { openIndex, type PackageIndex } from "../src/packages/debian/package-index.ts";
import { debian } from "../src/packages/debian/package-set.ts";
import { fetchRelease, type Release } from "../src/packages/debian/release.ts";
import { sourcesOf } from "../src/packages/debian/sources.ts";
import { unpackPackages } from "../src/packages/debian/unpack.ts";
import { whyNoApt } from "./private-apt.ts";

const skip = whyNoApt();
const set = debian({ suite: "trixie", architecture: "amd64" });
let directory: string;
let mirror: string;
let release: Release;
let index: PackageIndex;

before(async () => {
  if (skip) return;
  directory = mkdtempSync(join(tmpdir(), "debian-mirror-"));
  mirror = hostMirror("/etc/apt");
  const [source] = sourcesOf(set);
  release = await fetchRelease(source!, [mirror]);
  const state = releaseState(source!, release, set.architecture);
  const place = { mirrors: [mirror], pool: newMirrorPool(), indicesDirectory: join(directory, "indices") };
  index = openIndex(await fetchIndices(source!, state, place), set.architecture);
});

after(() => directory && rmSync(directory, { recursive: true }));

test("the real archive's Release is trusted", { skip }, () => {
  assert.equal(release.codename, "trixie");
  assert.ok(release.byHash);
});

test("real packages are unpacked as dpkg unpacks them", {
  skip: skip || !existsSync("/usr/bin/dpkg-deb"),
}, async () => {
  const names = ["base-files", "libc6", "tar", "dbus-daemon", "nginx"];
  const debs = names.map((name) => join(directory, index.get(name)!.file.replace(/.*\//, "")));
  for (const [position, name] of names.entries()) {
    const { file, sha256, size } = index.get(name)!;
    await downloadToFile(debUrl(mirror, file), debs[position]!, { sha256, size });
  }
  const [ours, theirs] = ["ours", "theirs"].map((name) => join(directory, name)) as [string, string];
  mkdirSync(ours);
  mkdirSync(theirs);
  await unpackPackages({ debs, root: ours, mode: "tools" });
  for (const deb of debs) await run(["dpkg-deb", "--extract", deb, theirs]);
  const list = (root: string) =>
    run(
      [
        "find",
        ".",
        "-mindepth",
        "1",
        "(",
        "-type",
        "d",
        "-printf",
        "%p %m %U %G\n",
        ")",
        "-o",
        "-printf",
        "%p %y %m %U %G %s %Ts %l\n",
      ],
      { cwd: root },
    );
  const lines = async (root: string) =>
    (await list(root))
      .toString()
      .split("\n")
      // Links into /usr are made by us first, at the time of that.
      .map((line) => line.replace(/^(\.\/(?:bin|sbin|lib|lib64) l .*) \d+ /, "$1 "))
      .sort();
  assert.ok(readdirSync(ours).length > 10);
  assert.deepEqual(await lines(ours), await lines(theirs));
  assert.equal((await runToEnd(["diff", "-rq", "--no-dereference", ours, theirs])).code, 0);
});
