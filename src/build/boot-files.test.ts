import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { guestConfig } from "../options/testing/evaluate.ts";
import { temporaryDirectory } from "../os/testing/temporary-directory.ts";
import { bootFiles } from "./boot-files.ts";

const files = (microvm: object, directory: string) => bootFiles(guestConfig({ microvm }), directory);

test("a kernel and an initrd of the project are what they hold", (t) => {
  const directory = temporaryDirectory(t);
  writeFileSync(join(directory, "bzImage"), "kernel");
  symlinkSync("bzImage", join(directory, "link"));
  const sha256 = createHash("sha256").update("kernel").digest("hex");
  const kernel = { file: join(directory, "bzImage"), size: 6, sha256 };
  assert.deepEqual(files({ kernel: "./bzImage", initrdPath: "link" }, directory), { kernel, initrd: kernel });
  assert.deepEqual(files({ kernel: "linux-image-amd64" }, directory), {});
});

test("files outside the project, directories and what is not there are refused, by option", (t) => {
  const top = temporaryDirectory(t);
  const directory = join(top, "project");
  mkdirSync(join(directory, "boot"), { recursive: true });
  writeFileSync(join(top, "secret"), "");
  symlinkSync("../secret", join(directory, "link"));
  const hint = "Name a file inside the project's directory, relative to it";
  for (const [path, fault] of [
    ["./none", "which cannot be found: ENOENT"],
    ["./boot", "which is no file"],
    ["../secret", `which is not below "${directory}"`],
    ["./link", `which is not below "${directory}"`],
  ] as const) {
    assert.throws(() => files({ kernel: path }, directory), {
      code: "config-invalid",
      message: `"microvm.kernel" is "${path}", ${fault}`,
      hint,
    });
  }
  assert.throws(() => files({ initrdPath: "none" }, directory), {
    message: '"microvm.initrdPath" is "none", which cannot be found: ENOENT',
  });
});
