import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "../../os/files.ts";
import { buildDeb, type FixturePackage, fileNameOf } from "./testing.ts";
import { type UnpackOptions, unpackPackages } from "./unpack.ts";

const isRoot = process.getuid?.() === 0;
let directory: string;
let root: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "unpack-"));
  root = join(directory, "root");
  mkdirSync(root);
});

afterEach(() => rmSync(directory, { recursive: true }));

async function unpack(packages: readonly FixturePackage[], options: Partial<UnpackOptions> = {}) {
  const debs: string[] = [];
  for (const one of packages) {
    const path = join(directory, fileNameOf(one));
    writeFileSync(path, await buildDeb(one));
    debs.push(path);
  }
  return unpackPackages({ debs, root, mode: "tools", ...options });
}

const textOf = (path: string) => readFileSync(join(root, path), "utf8");
const modeOf = (path: string) => lstatSync(join(root, path)).mode & 0o7777;

test("files keep content, mode, owner and time", async () => {
  const owner = isRoot ? { uid: 12, gid: 34 } : {};
  await unpack([
    {
      name: "a",
      files: [
        { path: "opt", type: "directory", mode: 0o2750 },
        { path: "opt/f", content: "text", mode: 0o4755, mtime: 1234567890, ...owner },
        { path: "opt/private", mode: 0o600 },
      ],
    },
  ]);
  assert.equal(textOf("opt/f"), "text");
  assert.equal(modeOf("opt/f"), 0o4755);
  assert.equal(modeOf("opt/private"), 0o600);
  assert.equal(modeOf("opt"), 0o2750);
  const { uid, gid, mtimeMs } = lstatSync(join(root, "opt/f"));
  assert.equal(mtimeMs, 1234567890_000);
  if (isRoot) assert.deepEqual([uid, gid], [12, 34]);
});

test("hard links share one file", async () => {
  await unpack([
    {
      name: "a",
      files: [
        { path: "f", content: "text" },
        { path: "g", type: "hardlink", target: "./f" },
      ],
    },
  ]);
  assert.equal(lstatSync(join(root, "f")).ino, lstatSync(join(root, "g")).ino);
});

test("a hard link to what the package does not hold is an error", async () => {
  writeFileSync(join(root, "other"), "x");
  await assert.rejects(unpack([{ name: "a", files: [{ path: "g", type: "hardlink", target: "other" }] }]), {
    code: "package-invalid",
    message:
      'Cannot read the package "a_1.0-1_amd64.deb": "/g" is a hard link to "/other", which it does not hold',
  });
});

test("an empty root gets the links into /usr", async () => {
  await unpack([
    {
      name: "a",
      files: [
        { path: "lib/x", content: "x" },
        { path: "lib64/ld.so", content: "y" },
      ],
    },
  ]);
  assert.equal(readlinkSync(join(root, "lib")), "usr/lib");
  assert.deepEqual([textOf("usr/lib/x"), textOf("usr/lib64/ld.so")], ["x", "y"]);
});

test("a link that leads outside is followed inside the root", async () => {
  const outside = join(directory, "outside");
  mkdirSync(outside);
  symlinkSync(outside, join(root, "absolute"));
  symlinkSync("../../../../../../tmp-link", join(root, "relative"));
  await unpack([
    {
      name: "a",
      files: [
        { path: "absolute/f", content: "x" },
        { path: "relative/g", content: "y" },
      ],
    },
  ]);
  assert.deepEqual(readdirSync(outside), []);
  assert.equal(textOf(`.${outside}/f`), "x");
  assert.equal(textOf("tmp-link/g"), "y");
});

test("a package's own link does not lead its files outside", async () => {
  const outside = join(directory, "outside");
  mkdirSync(outside);
  await unpack([
    {
      name: "a",
      files: [
        { path: "etc", type: "symlink", target: outside },
        { path: "etc/passwd", content: "x" },
      ],
    },
  ]);
  assert.deepEqual(readdirSync(outside), []);
});

test("an existing link or file is replaced, never written through", async () => {
  const target = join(directory, "target");
  writeFileSync(target, "old");
  symlinkSync(target, join(root, "f"));
  await unpack([{ name: "a", files: [{ path: "f", content: "new" }] }]);
  assert.equal(readFileSync(target, "utf8"), "old");
  assert.ok(lstatSync(join(root, "f")).isFile());
});

test("links in a circle are an error", async () => {
  symlinkSync("b", join(root, "a"));
  symlinkSync("a", join(root, "b"));
  await assert.rejects(unpack([{ name: "a", files: [{ path: "a/f" }] }]), {
    message: 'Cannot read the package "a_1.0-1_amd64.deb": too many symbolic links at "/a"',
  });
});

test("a directory stays where a package ships a link, and a link where it ships a directory", async () => {
  mkdirSync(join(root, "d"));
  symlinkSync("d", join(root, "l"));
  await unpack([
    {
      name: "a",
      files: [
        { path: "d", type: "symlink", target: "elsewhere" },
        { path: "l", type: "directory" },
        { path: "l/f", content: "x" },
      ],
    },
  ]);
  assert.ok(lstatSync(join(root, "d")).isDirectory());
  assert.equal(textOf("d/f"), "x");
});

test("links and directories of layers below are followed, and their modes kept", async () => {
  const lower = join(directory, "lower");
  mkdirSync(join(lower, "usr/lib"), { recursive: true });
  mkdirSync(join(lower, "var"), { mode: 0o700 });
  symlinkSync("usr/lib", join(lower, "lib"));
  await unpack(
    [
      {
        name: "a",
        files: [{ path: "lib/f", content: "x" }, { path: "var/g" }, { path: "var", type: "directory" }],
      },
    ],
    { lowers: [lower] },
  );
  assert.equal(textOf("usr/lib/f"), "x");
  assert.ok(!existsSync(join(root, "lib")));
  assert.equal(modeOf("var"), 0o700);
  assert.deepEqual(readdirSync(join(lower, "usr/lib")), []);
});

test("what two packages ship is the last one's, a directory's mode the first one's", async () => {
  const one = (name: string, mode: number): FixturePackage => ({
    name,
    files: [
      { path: "d", type: "directory", mode },
      { path: "d/f", content: name },
    ],
  });
  await unpack([one("c1", 0o700), one("b2", 0o711), one("a3", 0o755)]);
  assert.equal(textOf("d/f"), "a3");
  assert.equal(modeOf("d"), 0o700);
});

test("excluded paths are left out, included ones among them are not", async () => {
  const result = await unpack(
    [
      {
        name: "a",
        files: [
          { path: "usr/share/doc/a", type: "directory", mode: 0o750 },
          { path: "usr/share/doc/a/copyright", content: "c" },
          { path: "usr/share/doc/a/README", content: "text" },
          { path: "usr/share/a", type: "hardlink", target: "./usr/share/doc/a/README" },
        ],
      },
    ],
    { exclude: { exclude: ["/usr/share/doc/*"], include: ["/usr/share/doc/*/copyright"] } },
  );
  assert.deepEqual(readdirSync(join(root, "usr/share/doc/a")), ["copyright"]);
  assert.equal(textOf("usr/share/a"), "text");
  assert.ok(result[0]!.files.includes("/usr/share/doc/a/README"));
});

test("packages are unpacked as they come, and the result is the same", async () => {
  const waiting = new Map<string, () => void>();
  const arrival = (deb: string) => new Promise<void>((resolve) => void waiting.set(basename(deb), resolve));
  const done: number[] = [];
  const unpacking = unpack(
    [
      { name: "a", files: [{ path: "f", content: "of a" }] },
      { name: "b", files: [{ path: "f", content: "of b" }] },
    ],
    { arrival, onProgress: (count) => done.push(count) },
  );
  while (waiting.size < 2) await setImmediate();
  const [a, b] = [...waiting.keys()].sort();
  waiting.get(b!)!();
  while (done.length < 1) await setImmediate();
  assert.equal(textOf("f"), "of b");
  waiting.get(a!)!();
  await unpacking;
  assert.equal(textOf("f"), "of b");
});

test("a package with extended attributes is refused, as they would be lost", async () => {
  await assert.rejects(unpack([{ name: "a", files: [{ path: "f", xattrs: { "user.a": "v" } }] }]), {
    code: "package-invalid",
    message:
      /^Cannot read the package ".*": "\/f" has the extended attribute "user\.a", which a package cannot$/,
  });
});

test("a damaged package among good ones is the error", async () => {
  writeFileSync(join(directory, "bad.deb"), "!<arch>\nx");
  const good = join(directory, "good.deb");
  writeFileSync(good, await buildDeb({ name: "a", files: [] }));
  const debs = [good, join(directory, "bad.deb"), good];
  await assert.rejects(unpackPackages({ debs, root, mode: "tools" }), {
    code: "package-invalid",
    message: 'Cannot read the package "bad.deb": it is cut short',
    hint: "Remove it and fetch it again",
  });
});

test("threads that have nothing to unpack keep no process alive", () => {
  const program = `
    const { startUnpackThreads } = await import(${JSON.stringify(new URL("./unpack-pool.ts", import.meta.url))});
    startUnpackThreads();
    // Until they run.
    await new Promise((resolve) => setTimeout(resolve, 500));`;
  const file = join(directory, "program.mjs");
  writeFileSync(file, program);
  const { status, stderr } = spawnSync(process.execPath, [file], { timeout: 10_000, encoding: "utf8" });
  assert.equal(status, 0, stderr);
});
