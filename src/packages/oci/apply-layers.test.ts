import assert from "node:assert/strict";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { run } from "../../os/processes.ts";
import { missing } from "../../os/testing/programs.ts";
import { temporaryDirectory } from "../../os/testing/temporary-directory.ts";
import { buildTar, type FixtureFile } from "../debian/testing.ts";
import { applyLayers, type ImageLimits } from "./apply-layers.ts";
import { oci } from "./image-source.ts";
import { openImage } from "./open-image.ts";
import { digestOf, type FixtureLayer, layoutFiles, writeLayout } from "./testing.ts";

/** Applies layers; gives the root, beside which stands a directory `outside`. */
async function apply(t: TestContext, layers: readonly FixtureLayer[], limits?: ImageLimits) {
  const directory = temporaryDirectory(t);
  writeLayout(join(directory, "image"), layoutFiles({ layers }));
  const [root, outside] = [join(directory, "root"), join(directory, "outside")];
  for (const path of [root, outside]) mkdirSync(path);
  writeFileSync(join(outside, "file"), "outside");
  const image = await openImage(oci({ layout: "image", architecture: "amd64" }), directory);
  const options = { name: "image", layers: image.layers, root, setAttribute: ["setfattr"] };
  const work = applyLayers({ ...options, ...(limits && { limits }) });
  return { root, outside, image, work };
}

/** Layers of these files, applied; gives the paths in the root. */
async function tree(t: TestContext, ...layers: readonly (readonly FixtureFile[])[]) {
  const { root, work } = await apply(
    t,
    layers.map((files) => ({ files })),
  );
  await work;
  return {
    root,
    paths: pathsBelow(root).sort(),
    read: (path: string) => readFileSync(join(root, path), "utf8"),
  };
}

/** Relative paths of all that a directory holds; links are not followed. */
function pathsBelow(root: string, path = ""): string[] {
  return readdirSync(join(root, path), { withFileTypes: true }).flatMap((entry) => {
    const below = join(path, entry.name);
    return entry.isDirectory() ? [below, ...pathsBelow(root, below)] : [below];
  });
}

const directory = (path: string, mode?: number): FixtureFile => ({
  path,
  type: "directory",
  ...(mode !== undefined && { mode }),
});
const file = (path: string, content = path): FixtureFile => ({ path, content });
const link = (path: string, target: string): FixtureFile => ({ path, type: "symlink", target });

async function refused(t: TestContext, files: readonly FixtureFile[], why: string): Promise<void> {
  const tar = buildTar(files);
  const { work, outside } = await apply(t, [{ tar }]);
  await assert.rejects(work, {
    code: "image-invalid",
    message: `Cannot use the image "image": in the layer "${digestOf(tar)}" ${why}`,
  });
  assert.deepEqual(readdirSync(outside), ["file"]);
  assert.equal(readFileSync(join(outside, "file"), "utf8"), "outside");
}

test("later layers win: files replace files, directories and links, and directories replace files", async (t) => {
  const { paths, read, root } = await tree(
    t,
    [file("a", "1"), directory("d"), file("d/x"), link("l", "d"), file("f"), directory("m", 0o700)],
    [
      file("a", "2"),
      file("d", "now a file"),
      file("l", "no link"),
      directory("f"),
      file("f/y"),
      directory("m", 0o1777),
    ],
  );
  assert.deepEqual(paths, ["a", "d", "f", "f/y", "l", "m"]);
  assert.deepEqual([read("a"), read("d"), read("l")], ["2", "now a file", "no link"]);
  assert.equal(statSync(join(root, "m")).mode & 0o7777, 0o1777);
});

test("a directory that is there already keeps what it holds", async (t) => {
  const { paths } = await tree(t, [directory("d"), file("d/a")], [directory("d"), file("d/b")]);
  assert.deepEqual(paths, ["d", "d/a", "d/b"]);
});

test("a whiteout removes what lower layers have, and nothing of its own layer", async (t) => {
  const { paths } = await tree(
    t,
    [file("a"), directory("d"), file("d/x"), file("d/y"), directory("e"), file("e/x")],
    [
      file(".wh.a", ""),
      file("d/.wh.x", ""),
      directory("e"),
      file("e/new"),
      file(".wh.e", ""),
      file("b"),
      file(".wh.b", ""),
    ],
  );
  assert.deepEqual(paths, ["b", "d", "d/y", "e", "e/new"]);
});

test("an opaque directory hides all of lower layers, wherever in its layer that is said", async (t) => {
  const lower = [directory("d"), file("d/a"), directory("d/s"), file("d/s/x")];
  const opaque = file("d/.wh..wh..opq", "");
  for (const upper of [
    [opaque, directory("d"), file("d/new"), directory("d/s"), file("d/s/y")],
    [directory("d"), file("d/new"), directory("d/s"), file("d/s/y"), opaque],
  ]) {
    assert.deepEqual((await tree(t, lower, upper)).paths, ["d", "d/new", "d/s", "d/s/y"]);
  }
  const all = await tree(t, lower, [file(".wh..wh..opq", ""), file("only")]);
  assert.deepEqual(all.paths, ["only"]);
});

test("notes of the file system that a layer was made on are left out, and a whiteout of nothing does nothing", async (t) => {
  const { paths } = await tree(t, [
    directory(".wh..wh.plnk"),
    file(".wh..wh.aufs", ""),
    file(".wh.nothing", ""),
    file("a"),
  ]);
  assert.deepEqual(paths, ["a"]);
});

test("paths go through links of lower layers, as they do in a running image", async (t) => {
  const { read, paths } = await tree(
    t,
    [directory("usr"), directory("usr/lib"), link("lib", "usr/lib"), link("abs", "/usr/lib")],
    [file("lib/a"), file("abs/b")],
  );
  assert.deepEqual(paths, ["abs", "lib", "usr", "usr/lib", "usr/lib/a", "usr/lib/b"]);
  assert.deepEqual([read("usr/lib/a"), read("usr/lib/b")], ["lib/a", "abs/b"]);
});

test("absolute names and links stay inside", async (t) => {
  const absolute: FixtureFile = { path: "/etc/absolute", content: "x", isExact: true };
  const { paths, root } = await tree(t, [
    absolute,
    link("out", "/../../outside"),
    file("out/file"),
    link("up", "../outside"),
  ]);
  assert.deepEqual(paths, ["etc", "etc/absolute", "out", "outside", "outside/file", "up"]);
  assert.equal(readlinkSync(join(root, "up")), "../outside");
});

test("a directory that becomes a link to the outside is followed inside only", async (t) => {
  const { root, outside, work } = await apply(t, [
    { files: [directory("d"), file("d/file", "first")] },
    { files: [link("d", "../outside"), file("d/file", "second"), file("d/.wh.file", "")] },
  ]);
  await work;
  assert.equal(readFileSync(join(outside, "file"), "utf8"), "outside");
  assert.equal(readFileSync(join(root, "outside/file"), "utf8"), "second");
});

test("the same within one layer", async (t) => {
  const files = [
    directory("d"),
    file("d/a"),
    link("d", "../outside"),
    file("d/file", "x"),
    directory("d"),
    file("d/b"),
  ];
  const { root, outside, work } = await apply(t, [{ files }]);
  await work;
  assert.deepEqual(readdirSync(outside), ["file"]);
  assert.equal(readFileSync(join(outside, "file"), "utf8"), "outside");
  assert.deepEqual(readdirSync(join(root, "d")), ["b"]);
});

test("a whiteout through a link removes nothing outside", async (t) => {
  const { outside, work } = await apply(t, [
    { files: [link("d", "../outside")] },
    { files: [file("d/.wh.file", ""), file("d/.wh..wh..opq", "")] },
  ]);
  await work;
  assert.deepEqual(readdirSync(outside), ["file"]);
});

test("names that lead outside are refused", async (t) => {
  await refused(t, [{ path: "../x", isExact: true }], 'its archive leads outside with the path "../x"');
  await refused(t, [file("d/.wh...", "")], 'it has the whiteout "/d/.wh..."');
  await refused(t, [file(".wh..", "")], 'it has the whiteout "/.wh.."');
  await refused(t, [file(".wh.", "")], 'it has the whiteout "/.wh."');
});

test("hard links lead to files of the image, of any layer, and nowhere else", async (t) => {
  const hard = (path: string, target: string): FixtureFile => ({ path, type: "hardlink", target });
  const { root } = await tree(t, [file("a")], [hard("b", "a"), hard("a", "a")]);
  assert.equal(statSync(join(root, "a")).ino, statSync(join(root, "b")).ino);
  await refused(
    t,
    [hard("b", "../outside/file")],
    'its archive leads outside with the path "../outside/file"',
  );
  await refused(t, [hard("b", "gone")], '"/b" is a hard link to "/gone", which is no file');
  await refused(t, [directory("d"), hard("b", "d")], '"/b" is a hard link to "/d", which is no file');
  await refused(
    t,
    [directory("d"), file("d/x"), hard("d", "d/x")],
    '"/d" is a hard link to "/d/x", which is no file',
  );
  await refused(
    t,
    [link("out", "../outside"), hard("b", "out/file")],
    '"/b" is a hard link to "/out/file", which is no file',
  );
});

test("links that lead to each other end", async (t) => {
  await refused(t, [link("a", "b"), link("b", "a"), file("a/x")], 'too many symbolic links at "/a"');
});

test("devices are left out, fifos and setuid are kept", async (t) => {
  const { root, paths } = await tree(t, [
    { path: "null", type: "char-device" },
    { path: "disk", type: "block-device" },
    { path: "pipe", type: "fifo", mode: 0o620 },
    { path: "su", content: "x", mode: 0o4755 },
  ]);
  assert.deepEqual(paths, ["pipe", "su"]);
  assert.ok(lstatSync(join(root, "pipe")).isFIFO());
  assert.equal(lstatSync(join(root, "pipe")).mode & 0o777, 0o620);
  assert.equal(lstatSync(join(root, "su")).mode & 0o7777, 0o4755);
});

const noCapabilities =
  process.getuid?.() !== 0 ? "only root gives capabilities" : missing("setfattr") || missing("getfattr");

test("capabilities of programs are kept, other attributes are not", { skip: noCapabilities }, async (t) => {
  // Version 2, cap_net_raw, effective; linux/capability.h.
  const capability = Buffer.from("0100000200200000000000000000000000000000", "hex").toString("latin1");
  const { root } = await tree(t, [
    {
      path: "ping",
      content: "x",
      mode: 0o755,
      xattrs: { "security.capability": capability, "user.note": "x" },
    },
  ]);
  const shown = (
    await run(["getfattr", "-d", "-m", "-", "-e", "hex", "--absolute-names", join(root, "ping")])
  ).toString();
  assert.match(shown, /^security\.capability=0x0100000200200000000000000000000000000000$/m);
  assert.doesNotMatch(shown, /user\.note/);
});

test("an image that holds more than it may is refused", async (t) => {
  const files = [file("a", "12345"), file("b", "12345")];
  for (const limits of [
    { entries: 1, bytes: 100 },
    { entries: 10, bytes: 9 },
  ]) {
    const { work } = await apply(t, [{ files }], limits);
    await assert.rejects(work, {
      message: 'Cannot use the image "image": it holds more than any image should',
    });
  }
  await (await apply(t, [{ files }], { entries: 2, bytes: 10 })).work;
});

test("a layer that is not what its digest says is refused before anything of it is used", async (t) => {
  const { image, root, work } = await apply(t, [{ files: [file("a")] }]);
  await work;
  const { path } = image.layers[0]!.file;
  const bytes = readFileSync(path);
  bytes[600]! ^= 1;
  writeFileSync(path, bytes);
  const again = join(root, "again");
  mkdirSync(again);
  const options = { name: "image", layers: image.layers, root: again, setAttribute: ["setfattr"] };
  await assert.rejects(applyLayers(options), {
    code: "image-invalid",
    message: `Cannot use the image "image": what should be "${image.layers[0]!.digest}" is "${digestOf(bytes)}"`,
  });
  assert.ok(!existsSync(join(again, "a")));
});

for (const compression of ["gzip", "zstd"] as const) {
  test(`a layer of ${compression} that holds something else than the image says is refused`, async (t) => {
    const { image, work } = await apply(t, [{ files: [file("a")], compression }]);
    await work;
    const [layer] = image.layers;
    const diffId = `sha256:${"0".repeat(64)}`;
    const root = temporaryDirectory(t);
    const options = { name: "image", layers: [{ ...layer!, diffId }], root, setAttribute: ["setfattr"] };
    await assert.rejects(applyLayers(options), {
      message: `Cannot use the image "image": a layer that should hold "${diffId}" holds "${layer!.diffId}"`,
    });
  });

  test(`a layer that is no ${compression} is refused`, async (t) => {
    const mediaType = `application/vnd.oci.image.layer.v1.tar+${compression}`;
    const { work } = await apply(t, [{ files: [file("a")], mediaType }]);
    await assert.rejects(work, {
      code: "image-invalid",
      message: /the layer "sha256:[0-9a-f]{64}" is damaged \(/,
    });
  });
}

test("an archive that is cut short is refused", async (t) => {
  const tar = buildTar([file("a", "x".repeat(2000))]).subarray(0, 1024);
  const { work } = await apply(t, [{ tar }]);
  await assert.rejects(work, {
    code: "image-invalid",
    message: `Cannot use the image "image": in the layer "${digestOf(tar)}" its archive is cut short`,
  });
});
