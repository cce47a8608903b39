import assert from "node:assert/strict";
import { chmodSync, linkSync, mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryDirectory } from "../os/testing/temporary-directory.ts";
import { takeSetuid } from "./setuid.ts";

test("only files that are allowed to keep the rights of their owner or group", (t) => {
  const root = temporaryDirectory(t);
  const outside = join(temporaryDirectory(t), "outside");
  mkdirSync(join(root, "usr/bin"), { recursive: true });
  const modes = { su: 0o4755, sudo: 0o4755, write: 0o2755, both: 0o6711, plain: 0o755 };
  for (const name of [...Object.keys(modes)]) writeFileSync(join(root, "usr/bin", name), name);
  for (const [name, mode] of Object.entries(modes)) chmodSync(join(root, "usr/bin", name), mode);
  linkSync(join(root, "usr/bin/both"), join(root, "usr/bin/again"));
  writeFileSync(outside, "");
  chmodSync(outside, 0o4755);
  symlinkSync(outside, join(root, "usr/bin/link"));
  // Of a directory the bit means another thing.
  chmodSync(join(root, "usr"), 0o2755);
  const taken = takeSetuid(root, ["/usr/bin/sudo"]);
  assert.deepEqual(
    taken.map((path) => path.replace("/again", "/both")),
    ["/usr/bin/both", "/usr/bin/su", "/usr/bin/write"],
  );
  const mode = (path: string) => statSync(path).mode & 0o7777;
  const after = ["su", "sudo", "write", "both", "again", "plain"].map((name) =>
    mode(join(root, "usr/bin", name)),
  );
  assert.deepEqual(after, [0o755, 0o4755, 0o755, 0o711, 0o711, 0o755]);
  assert.deepEqual([mode(outside), mode(join(root, "usr"))], [0o4755, 0o2755]);
});
