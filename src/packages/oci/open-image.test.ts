import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { temporaryDirectory } from "../../os/testing/temporary-directory.ts";
import { buildTar } from "../debian/testing.ts";
import { type OciOptions, oci } from "./image-source.ts";
import { openImage } from "./open-image.ts";
import {
  addBlob,
  digestOf,
  type FixtureFiles,
  json,
  layoutArchive,
  layoutFiles,
  writeLayout,
} from "./testing.ts";

const IMAGE = { layers: [{ files: [{ path: "a", content: "a" }] }], config: { Cmd: ["/a"], User: "app" } };
const INDEX = "application/vnd.oci.image.index.v1+json";

/** Opens the image of a layout with these files. */
function open(t: TestContext, files: FixtureFiles, options: Partial<OciOptions> = {}) {
  const directory = temporaryDirectory(t);
  writeLayout(join(directory, "image"), files);
  return openImage(oci({ layout: "image", architecture: "amd64", ...options }), directory);
}

const manifestOf = (files: FixtureFiles) => JSON.parse(files.get("index.json")!.toString()).manifests[0];
const blobOf = (digest: string) => `blobs/${digest.replace(":", "/")}`;

/** The digests of a layout's one image. */
function digests(files: FixtureFiles) {
  const { digest } = manifestOf(files);
  const { config, layers } = JSON.parse(files.get(blobOf(digest))!.toString());
  return { manifest: digest as string, config: config.digest as string, layer: layers[0].digest as string };
}

const refused = (work: Promise<unknown>, why: string) =>
  assert.rejects(work, { code: "image-invalid", message: `Cannot use the image "image": ${why}` });

test("a layout's image is opened: its digest, what it runs, its layers", async (t) => {
  const files = layoutFiles(IMAGE);
  const { manifest, layer } = digests(files);
  const image = await open(t, files, { digest: manifest });
  assert.equal(image.digest, manifest);
  assert.deepEqual([image.config.cmd, image.config.user], [["/a"], "app"]);
  assert.deepEqual(
    image.layers.map(({ digest, diffId, compression }) => [digest, diffId, compression]),
    [[layer, layer, "none"]],
  );
});

test("an archive is read without being unpacked, and gives the same image", async (t) => {
  const big = { files: [{ path: "big", content: Buffer.alloc(700_000, "big") }] };
  const files = layoutFiles({ layers: [big, ...IMAGE.layers] });
  const directory = temporaryDirectory(t);
  writeFileSync(join(directory, "image.tar"), layoutArchive(files));
  const image = await openImage(oci({ archive: "image.tar", architecture: "amd64" }), directory);
  assert.equal(image.digest, digests(files).manifest);
  const tar = buildTar(big.files);
  const { path, start, size } = image.layers[0]!.file;
  assert.equal(path, join(directory, "image.tar"));
  assert.ok(
    layoutArchive(files)
      .subarray(start, start + size)
      .equals(tar),
  );
});

test("an archive of docker save is opened, its configuration verified by its name", async (t) => {
  const directory = temporaryDirectory(t);
  const tar = buildTar(IMAGE.layers[0]!.files);
  const config = json({
    os: "linux",
    architecture: "amd64",
    config: { Entrypoint: null, Cmd: ["x"] },
    rootfs: { type: "layers", diff_ids: [digestOf(tar)] },
  });
  const name = `${digestOf(config).slice(7)}.json`;
  const save = (content: Buffer) =>
    writeFileSync(
      join(directory, "saved.tar"),
      buildTar([
        { path: "one/layer.tar", content: tar, isExact: true },
        { path: "two/layer.tar", type: "symlink", target: "../one/layer.tar", isExact: true },
        { path: name, content, isExact: true },
        {
          path: "manifest.json",
          isExact: true,
          content: json([{ Config: name, RepoTags: ["app:1"], Layers: ["two/layer.tar"] }]),
        },
      ]),
    );
  const source = oci({ archive: "saved.tar", architecture: "amd64", reference: "app:1" });
  save(config);
  const image = await openImage(source, directory);
  assert.deepEqual([image.digest, image.config.cmd], [digestOf(config), ["x"]]);
  assert.equal(image.layers[0]!.file.size, tar.length);
  const changed = json({ ...JSON.parse(config.toString()), os: "LINUX" });
  save(changed);
  await assert.rejects(openImage(source, directory), {
    code: "image-invalid",
    message: `Cannot use the image "saved.tar:app:1": what should be "${digestOf(config)}" is "${digestOf(changed)}"`,
  });
});

for (const part of ["manifest", "config"] as const) {
  test(`a ${part} that is not what its digest says is refused`, async (t) => {
    const files = layoutFiles(IMAGE);
    const digest = digests(files)[part];
    const bytes = Buffer.from(files.get(blobOf(digest))!);
    bytes[bytes.length - 2]! ^= 1;
    files.set(blobOf(digest), bytes);
    await refused(open(t, files), `what should be "${digest}" is "${digestOf(bytes)}"`);
  });
}

test("a file of another size than is said of it is refused before it is read", async (t) => {
  const files = layoutFiles(IMAGE);
  const { layer, manifest } = digests(files);
  files.set(blobOf(layer), Buffer.alloc(10));
  const size = JSON.parse(files.get(blobOf(manifest))!.toString()).layers[0].size;
  await refused(open(t, files), `"${layer}" has 10 bytes, not ${size} as is said of it`);
});

test("a further index is verified too, and the platform chooses", async (t) => {
  const files = layoutFiles(IMAGE, { ...IMAGE, architecture: "arm64", config: { Cmd: ["/arm"] } });
  const inner = Buffer.from(files.get("index.json")!);
  const index = addBlob(files, INDEX, inner);
  files.set("index.json", json({ schemaVersion: 2, manifests: [index] }));
  assert.deepEqual((await open(t, files, { architecture: "arm64" })).config.cmd, ["/arm"]);
  files.set(blobOf(index.digest), Buffer.from(inner.toString().replace("arm64", "arm46")));
  await assert.rejects(open(t, files), { code: "image-invalid", message: /what should be "sha256:/ });
});

test("indices that lead to each other end", async (t) => {
  const files = layoutFiles(IMAGE);
  for (let depth = 0; depth < 6; depth++) {
    const index = addBlob(files, INDEX, Buffer.from(files.get("index.json")!));
    files.set("index.json", json({ schemaVersion: 2, manifests: [index] }));
  }
  await refused(open(t, files), "its indices lead to each other");
});

test("of several images one is chosen by its name, its tag or its digest", async (t) => {
  const files = layoutFiles(
    { ...IMAGE, name: "registry/app:1" },
    { ...IMAGE, name: "registry/app:2", config: { Cmd: ["/two"] } },
  );
  for (const reference of ["registry/app:2", "2"]) {
    assert.deepEqual((await open(t, files, { reference })).config.cmd, ["/two"]);
  }
  const { digest } = manifestOf(files);
  assert.equal((await open(t, files, { reference: digest })).digest, digest);
  await assert.rejects(open(t, files), {
    message: 'Cannot use the image "image": it holds several images',
    hint: 'Choose one with "reference": "registry/app:1", "registry/app:2"',
  });
  await assert.rejects(open(t, files, { reference: "3" }), {
    message:
      'Cannot use the image "image:3": it holds no image "3"; it has "registry/app:1", "registry/app:2"',
  });
});

test("an image for another machine is refused, whoever says so", async (t) => {
  const arm = { ...IMAGE, architecture: "arm64" };
  await refused(
    open(t, layoutFiles(arm)),
    'it is not there for "linux/amd64"; it is there for "linux/arm64"',
  );
  const silent = layoutFiles({ ...arm, hasPlatform: false });
  await refused(open(t, silent), "it is for linux/arm64, not for linux/amd64");
  const windows = layoutFiles({ ...IMAGE, os: "windows", hasPlatform: false });
  await refused(open(t, windows), "it is for windows/amd64, not for linux/amd64");
});

test("an image that changed is not the one that the project pins", async (t) => {
  const files = layoutFiles(IMAGE);
  const digest = `sha256:${"0".repeat(64)}`;
  const found = digests(files).manifest;
  await refused(open(t, files, { digest }), `its digest is "${found}", not "${digest}" as the project says`);
});

test("a layer of an unknown type is refused", async (t) => {
  const mediaType = "application/vnd.oci.image.layer.v1.tar+encrypted";
  const files = layoutFiles({ layers: [{ files: [], mediaType }] });
  await refused(open(t, files), `it has a layer of the unknown type "${mediaType}"`);
});

test("what is malformed is said, and nothing of it is shown", async (t) => {
  const index = (text: string) => layoutFiles(IMAGE).set("index.json", Buffer.from(text));
  const descriptor = (fields: object) =>
    JSON.stringify({ schemaVersion: 2, manifests: [{ ...manifestOf(layoutFiles(IMAGE)), ...fields }] });
  const cases: readonly (readonly [string, string])[] = [
    ["root:secret:0:0\n", "its index is no JSON"],
    ["[]", "its index is malformed"],
    ["{}", "its index is of an unknown version"],
    ['{"schemaVersion":2,"manifests":[]}', "it holds no image"],
    [descriptor({ digest: "sha512:00" }), "its index has a digest that is no SHA-256"],
    [descriptor({ digest: `sha256:../../${"0".repeat(58)}` }), "its index has a digest that is no SHA-256"],
    [descriptor({ size: -1 }), "its index is malformed"],
    [descriptor({ size: 1e300 }), "its index is malformed"],
    [descriptor({ annotations: [] }), "its index is malformed"],
  ];
  for (const [text, why] of cases) await refused(open(t, index(text)), why);
});

test("a place that holds no image is said", async (t) => {
  const directory = temporaryDirectory(t);
  mkdirSync(join(directory, "empty"));
  writeFileSync(join(directory, "text"), "no archive ".repeat(100));
  symlinkSync("nowhere", join(directory, "dangling"));
  const cases: readonly (readonly [Partial<OciOptions>, string])[] = [
    [{ layout: "nowhere" }, 'Cannot use the image "nowhere": there is nothing'],
    [{ layout: "dangling" }, 'Cannot use the image "dangling": there is nothing'],
    [{ layout: "text" }, 'Cannot use the image "text": that is no directory'],
    [{ archive: "empty" }, 'Cannot use the image "empty": that is no file'],
    [{ archive: "text" }, 'Cannot use the image "text": it is no tar archive, or a damaged one'],
    [
      { layout: "empty" },
      'Cannot use the image "empty": it is no image: it has neither "oci-layout" nor "manifest.json"',
    ],
  ];
  for (const [options, message] of cases) {
    await assert.rejects(openImage(oci({ architecture: "amd64", ...options }), directory), {
      code: "image-invalid",
      message,
    });
  }
});
