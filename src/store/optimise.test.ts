import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, linkSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { missing } from "../os/testing/programs.ts";
import { collectGarbage } from "./collect.ts";
import { optimiseStore } from "./optimise.ts";
import { storePathName } from "./recipe.ts";
import { openTemporaryRoots } from "./temporary-roots.ts";
import { recipe } from "./testing/recipes.ts";
import { leftovers, temporaryDirectory, temporaryStore } from "./testing/temporary-store.ts";

const needsPerl = { skip: missing("perl") };

/** Files by path: content, or a path before it to be a hard link of, or a mode. */
type Files = Readonly<
  Record<string, string | { readonly link: string } | { readonly text: string; readonly mode: number }>
>;

async function storeOf(context: TestContext, trees: Readonly<Record<string, Files>>) {
  const store = temporaryStore(context);
  const paths: Record<string, string> = {};
  for (const [name, files] of Object.entries(trees)) {
    const tree = recipe(name, { kind: "files", exactModes: true });
    paths[name] = await store.realise(tree, {
      builders: {
        files: async ({ out }) => {
          mkdirSync(join(out, "d"), { recursive: true });
          for (const [path, file] of Object.entries(files)) {
            if (typeof file === "string") writeFileSync(join(out, path), file);
            else if ("link" in file) linkSync(join(out, file.link), join(out, path));
            else writeFileSync(join(out, path), file.text, { mode: file.mode });
          }
        },
      },
    });
  }
  const inode = (path: string) => lstatSync(path.replace(/^\w+/, (name) => paths[name]!)).ino;
  const intact = async () => {
    for (const name of Object.keys(trees)) {
      const path = storePathName(recipe(name, { kind: "files", exactModes: true }));
      assert.ok((await store.verify(path)).intact, name);
    }
  };
  return { store, paths, inode, intact };
}

test(
  "equal files of different paths become one, and every path stays what it is",
  needsPerl,
  async (context) => {
    const big = "x".repeat(10_000);
    const { store, paths, inode, intact } = await storeOf(context, {
      one: { "d/a": big, "d/same-size": "1".repeat(10_000), empty: "" },
      two: { "d/b": big, "d/same-size": "2".repeat(10_000), empty: "" },
      three: { c: big },
    });
    const { linked, saved } = await optimiseStore(store.directory);
    assert.equal(inode("one/d/a"), inode("two/d/b"));
    assert.equal(inode("one/d/a"), inode("three/c"));
    assert.notEqual(inode("one/d/same-size"), inode("two/d/same-size"));
    assert.notEqual(inode("one/empty"), inode("two/empty"));
    assert.equal(linked, 2);
    assert.equal(saved, 2 * 12_288);
    assert.equal(lstatSync(join(paths.two!, "d")).mtimeMs, 1000);
    await intact();
    assert.deepEqual(await optimiseStore(store.directory), { linked: 0, saved: 0 });
    assert.deepEqual(leftovers(store), []);
  },
);

test("another mode is another file", needsPerl, async (context) => {
  const { store, inode } = await storeOf(context, {
    one: { a: { text: "text", mode: 0o755 } },
    two: { a: { text: "text", mode: 0o644 } },
  });
  assert.equal((await optimiseStore(store.directory)).linked, 0);
  assert.notEqual(inode("one/a"), inode("two/a"));
});

test("a file with extended attributes is not linked", needsPerl, async (context) => {
  const { store, paths, inode } = await storeOf(context, { one: { a: "text" }, two: { a: "text" } });
  const { status } = spawnSync("setcap", ["cap_net_raw=ep", join(paths.one!, "a")]);
  if (status !== 0) return context.skip("capabilities of files cannot be set here");
  assert.equal((await optimiseStore(store.directory)).linked, 0);
  assert.notEqual(inode("one/a"), inode("two/a"));
});

test("which names of one path are one file stays as it is", needsPerl, async (context) => {
  const { store, inode, intact } = await storeOf(context, {
    one: { a: "text", b: { link: "a" }, c: "text" },
    two: { x: "text", y: "text", z: { link: "y" } },
  });
  await optimiseStore(store.directory);
  assert.equal(inode("one/a"), inode("one/b"));
  assert.notEqual(inode("one/a"), inode("one/c"));
  assert.equal(inode("two/y"), inode("two/z"));
  assert.notEqual(inode("two/x"), inode("two/y"));
  assert.deepEqual([inode("one/a"), inode("one/c")], [inode("two/x"), inode("two/y")]);
  await intact();
});

test(
  "optimising, collecting and building at once disturb each other in nothing",
  needsPerl,
  async (context) => {
    const text = Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`d/${n}`, `content ${n}`]));
    const { store } = await storeOf(context, { one: text, two: text });
    const three = recipe("three", { kind: "files", exactModes: true });
    // It is looked at afterwards: a collection that comes late may not take it.
    await using roots = openTemporaryRoots(store.directory);
    const [optimised, , collected] = await Promise.all([
      optimiseStore(store.directory),
      store.realise(three, {
        roots,
        builders: {
          files: async ({ out }) => {
            mkdirSync(join(out, "d"), { recursive: true });
            for (const [path, content] of Object.entries(text)) writeFileSync(join(out, path), content);
          },
        },
      }),
      collectGarbage(store.directory, { links: [], keepInputs: true }),
    ]);
    assert.ok(optimised.linked === 0 || optimised.linked % 200 === 0, `${optimised.linked}`);
    assert.ok(collected.removed.length <= 2);
    assert.ok((await store.verify(storePathName(three))).intact);
  },
);

test(
  "an optimisation that is killed leaves every path as it is, and the next one goes on",
  needsPerl,
  async (context) => {
    const text = Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`d/${n}`, "x".repeat(n + 1)]));
    const { store, intact, inode } = await storeOf(context, { one: text, two: text });
    for (const groups of [1, 10, 20]) {
      const program = `
      const { optimiseStore } = await import(${JSON.stringify(new URL("./optimise.ts", import.meta.url).href)});
      await optimiseStore(${JSON.stringify(store.directory)}, {
        onProgress: (done) => { if (done === ${groups}) process.kill(process.pid, "SIGKILL"); },
      });`;
      const { signal } = spawnSync(process.execPath, ["--input-type=module", "-e", program]);
      assert.equal(signal, "SIGKILL");
      await intact();
    }
    assert.equal((await optimiseStore(store.directory)).linked, 10);
    assert.equal(inode("one/d/29"), inode("two/d/29"));
    await intact();
  },
);

const canMount = process.getuid?.() === 0 ? false : "needs root, to mount";

test("what is written to a layer in use changes neither the layer nor others with the same file", {
  skip: canMount || missing("perl"),
}, async (context) => {
  const { store, paths, inode, intact } = await storeOf(context, { one: { a: "text" }, two: { a: "text" } });
  await optimiseStore(store.directory);
  assert.equal(inode("one/a"), inode("two/a"));
  const scratch = temporaryDirectory(context);
  for (const name of ["upper", "work", "root"]) mkdirSync(join(scratch, name));
  // In a mount namespace that ends with the script: nothing to clean up.
  const script = `
    set -e
    mount -t overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" overlay "$2/root"
    printf changed >"$2/root/a"; chmod 600 "$2/root/a"; chown 1:1 "$2/root/a"; cat "$2/root/a"`;
  const { stdout, stderr } = spawnSync(
    "unshare",
    ["--mount", "sh", "-c", script, "sh", paths.one!, scratch],
    {
      encoding: "utf8",
    },
  );
  assert.deepEqual([stdout, stderr], ["changed", ""]);
  assert.equal(readFileSync(join(paths.two!, "a"), "utf8"), "text");
  assert.equal(inode("one/a"), inode("two/a"));
  await intact();
});

test("a file that was changed by hand is not linked with what it was", needsPerl, async (context) => {
  const { store, paths, inode } = await storeOf(context, { one: { a: "text" }, two: { a: "text" } });
  chmodSync(join(paths.two!, "a"), 0o644);
  writeFileSync(join(paths.two!, "a"), "TEXT");
  await optimiseStore(store.directory);
  assert.notEqual(inode("one/a"), inode("two/a"));
});
