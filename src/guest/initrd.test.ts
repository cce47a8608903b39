import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { missing } from "../os/testing/programs.ts";
import { temporaryDirectory } from "../os/testing/temporary-directory.ts";
import type { BuildJob } from "../store/builder.ts";
import type { Recipe } from "../store/recipe.ts";
import { buildInitrd, type InitrdHooks, initrdRecipe, moduleEntries } from "./initrd.ts";

/** Unpacks an initrd without modules. */
async function unpacked(t: TestContext, hooks: InitrdHooks): Promise<string> {
  const directory = temporaryDirectory(t);
  const [busybox, out, tree] = ["busybox", "out", "tree"].map((name) => join(directory, name));
  mkdirSync(join(busybox!, "usr/bin"), { recursive: true });
  mkdirSync(tree!);
  writeFileSync(join(busybox!, "usr/bin/busybox"), "a program");
  const recipe = initrdRecipe(undefined, {} as Recipe, { modules: [], preloaded: [] }, hooks);
  const job = { out, recipe, params: recipe.params, input: () => busybox };
  await buildInitrd(job as unknown as BuildJob);
  execFileSync("cpio", ["--extract", "--quiet", "--no-absolute-filenames", "--nonmatching", "dev*"], {
    cwd: tree,
    input: readFileSync(out!),
  });
  return tree!;
}

test("an initrd has the guest's own commands where its script looks for them", {
  skip: missing("cpio"),
}, async (t) => {
  const tree = await unpacked(t, { preDeviceCommands: "echo 1\n", postMountCommands: "echo 3\n" });
  assert.equal(readFileSync(join(tree, "hooks/preDeviceCommands"), "utf8"), "echo 1\n");
  assert.equal(readFileSync(join(tree, "hooks/postMountCommands"), "utf8"), "echo 3\n");
  const script = readFileSync(join(tree, "init"), "utf8");
  for (const name of ["preDeviceCommands", "postDeviceCommands", "postMountCommands"]) {
    assert.match(script, new RegExp(`^hook ${name}$`, "m"));
  }
});

test("without commands it has no place for them", { skip: missing("cpio") }, async (t) => {
  const tree = await unpacked(t, {});
  assert.equal(readFileSync(join(tree, "bin/busybox"), "utf8"), "a program");
  assert.throws(() => readFileSync(join(tree, "hooks/preDeviceCommands")), { code: "ENOENT" });
});

/** A signed module: code, signature, `struct module_signature`, mark. */
function signed(code: string, signature: string, size = signature.length): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt32BE(size, 8);
  return Buffer.concat([Buffer.from(code + signature), header, Buffer.from("~Module signature appended~\n")]);
}

test("a module's signature lies beside it, and one without has none", () => {
  const module = signed("the code", "a signature");
  const [code, rest, ...others] = moduleEntries("m.ko", module).map(
    (entry) => [entry.path, "content" in entry ? entry.content : Buffer.alloc(0)] as const,
  );
  assert.deepEqual(others, []);
  assert.deepEqual([code![0], rest![0]], ["m.ko", "m.ko.signature"]);
  assert.equal(code![1].toString(), "the code");
  assert.deepEqual(Buffer.concat([code![1], rest![1]]), module);
  for (const plain of ["", "the code", "~Module signature appended~\n"]) {
    assert.deepEqual(
      moduleEntries("m.ko", Buffer.from(plain)).map(({ path }) => path),
      ["m.ko"],
    );
  }
});

test("a signature that is longer than its module is refused", () => {
  assert.throws(() => moduleEntries("m.ko", signed("the code", "a signature", 1000)), {
    message: 'The signature of "m.ko" is longer than the module',
  });
});
