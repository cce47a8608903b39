import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { test } from "node:test";
import { mkdirSync, readdirSync, writeFileSync } from "../os/files.ts";
import { temporaryDirectory } from "../os/testing/temporary-directory.ts";
import { buildDeb } from "../packages/debian/testing.ts";
import { openStore } from "../store/store.ts";
import { buildKernelLayer, kernelLayerRecipe } from "./kernel.ts";

test("a kernel package's link does not lead depmod out onto the host", async (t) => {
  const directory = temporaryDirectory(t);
  const outside = join(directory, "outside");
  mkdirSync(join(outside, "modules/6.1"), { recursive: true });
  const deb = await buildDeb({
    name: "linux-image",
    files: [
      { path: "usr/lib/modules/6.1", type: "directory" },
      { path: "lib", type: "symlink", target: outside },
    ],
  });
  const sha256 = createHash("sha256").update(deb).digest("hex");
  const input = {
    kind: "deb",
    version: 1,
    name: "linux-image.deb",
    params: {},
    inputs: {},
    fixed: { sha256 },
  };
  const realised = openStore(join(directory, "store")).realise(
    kernelLayerRecipe([input], { architecture: "amd64" }),
    { builders: { deb: async ({ out }) => writeFileSync(out, deb), "kernel-layer": buildKernelLayer } },
  );
  await assert.rejects(realised, {
    code: "package-invalid",
    message: 'The kernel package replaces the link "/lib"',
  });
  assert.deepEqual(readdirSync(join(outside, "modules/6.1")), []);
});
