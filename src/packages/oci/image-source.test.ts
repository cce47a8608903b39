import assert from "node:assert/strict";
import { test } from "node:test";
import { isOciImage, type OciOptions, oci } from "./image-source.ts";

const DIGEST = `sha256:${"0".repeat(64)}`;

test("an image is frozen plain data, with what is left out said", () => {
  const image = oci({ layout: "image", architecture: "amd64" });
  assert.deepEqual(image, {
    type: "oci",
    form: "layout",
    path: "image",
    reference: null,
    digest: null,
    architecture: "amd64",
    packageSet: null,
    entrypoint: null,
    cmd: null,
    init: null,
    restart: "never",
  });
  assert.ok(Object.isFrozen(image));
  assert.deepEqual(JSON.parse(JSON.stringify(image)), image);
});

test("what came back as JSON is checked as strictly", () => {
  const image = oci({ archive: "a.tar", architecture: "arm64", digest: DIGEST, cmd: ["a"], init: true });
  assert.ok(isOciImage(structuredClone(image)));
  for (const change of [
    { type: "debian" },
    { form: "directory" },
    { path: "" },
    { digest: "sha256:0" },
    { architecture: "x86_64" },
    { cmd: "a" },
    { more: 1 },
  ]) {
    assert.ok(!isOciImage({ ...image, ...change }), JSON.stringify(change));
  }
  assert.ok(!isOciImage(null));
});

const either = 'oci(): its argument must be an object with either "layout" or "archive"';
const FAULTS: readonly (readonly [object, string])[] = [
  [{ architecture: "amd64" }, either],
  [{ layout: "a", archive: "b", architecture: "amd64" }, either],
  [{ layout: "a", architecture: "x64" }, 'oci(): "architecture" must be one of amd64, arm64, not "x64"'],
  [{ layout: "", architecture: "amd64" }, 'oci(): "layout" must be a path, not ""'],
  [{ layout: "a" }, 'oci(): "architecture" must be one of amd64, arm64'],
  [
    { layout: "a", architecture: "amd64", digest: "abc" },
    'oci(): "digest" must be sha256: and 64 hexadecimal digits, not "abc"',
  ],
  [
    { layout: "a", architecture: "amd64", entrypoint: "sh" },
    'oci(): "entrypoint" must be a list of words, not "sh"',
  ],
  [
    { layout: "a", architecture: "amd64", restart: "sometimes" },
    'oci(): "restart" must be one of never, on-failure, always, not "sometimes"',
  ],
  [{ layout: "a", architecture: "amd64", init: "yes" }, 'oci(): "init" must be true or false, not "yes"'],
  [
    { layout: "a", architecture: "amd64", image: "b" },
    'oci(): "image" must be one of the options layout, archive, reference, digest, architecture, packageSet, entrypoint, cmd, init, restart',
  ],
];

for (const [options, message] of FAULTS) {
  test(`refused: ${JSON.stringify(options)}`, () => {
    assert.throws(() => oci(options as OciOptions), { code: "config-invalid", message });
  });
}
