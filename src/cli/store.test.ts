import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { missing } from "../os/testing/programs.ts";
import { buildFiles, filesRecipe } from "../store/files.ts";
import { type Recipe, storePathName } from "../store/recipe.ts";
import { openStore } from "../store/store.ts";
import { microvm } from "./testing/program.ts";

/** The commands own files as the users of guests do. */
const skip = process.getuid?.() === 0 ? false : "needs root";

const directory = mkdtempSync(join(tmpdir(), "microvm-test-"));
after(() => rmSync(directory, { recursive: true, force: true }));
const places = {
  MICROVM_STORE: join(directory, "store"),
  MICROVM_STATE_DIR: join(directory, "state"),
  MICROVM_CONFIG_DIR: join(directory, "config"),
};
const store = openStore(places.MICROVM_STORE);

/** Package files as the store names them; what they hold does not matter here. */
const deb = (name: string): Recipe => ({ ...filesRecipe(name, []), kind: "files" });
const layer = (text: string, ...debs: string[]): Recipe => ({
  ...filesRecipe("trixie-packages", [{ path: "file", type: "file", text }]),
  inputs: { debs: debs.map(deb) },
});
const runner = (below: Recipe) =>
  filesRecipe(
    "microvm-qemu-web",
    [{ path: "bin/microvm-run", type: "file", text: "#!/bin/sh\n", mode: 0o755 }],
    {
      below,
    },
  );
const old = runner(layer("old", "nginx_1.26.3-3_amd64.deb", "zlib1g_1_1.3_rc1-1_amd64.deb"));
const young = runner(layer("young!", "nginx_1.26.4-1_amd64.deb", "curl_8.14.1-2_amd64.deb"));
const links = { old: join(directory, "result-old"), young: join(directory, "result") };

const run = async (...args: string[]) => await microvm(args, { env: places, cwd: directory });
const name = (recipe: Recipe) => storePathName(recipe);
const layerOf = (top: Recipe) => top.inputs.below as Recipe;
const failed = (message: string, hint?: string, status = 1) => ({
  status,
  stdout: "",
  stderr: `error: ${message}\n${hint === undefined ? "" : `hint: ${hint}\n`}`,
});

before(async () => {
  for (const top of [old, young]) await store.realise(top, { builders: { files: buildFiles } });
  symlinkSync(store.pathOf(old), links.old);
  symlinkSync(store.pathOf(young), links.young);
  mkdirSync(join(places.MICROVM_STATE_DIR, "web"), { recursive: true });
  symlinkSync(store.pathOf(old), join(places.MICROVM_STATE_DIR, "web/current"));
});

describe("store commands that only look", { concurrency: 2, skip }, () => {
  test("a path is found by link, path, name, VM, beginning of its name, and name without the hash", async () => {
    const texts = [
      "result-old",
      links.old,
      store.pathOf(old),
      join(store.pathOf(old), "bin/microvm-run"),
      name(old),
      "web",
      name(old).slice(0, 9),
    ];
    for (const text of texts) {
      const { stdout, stderr } = await run("store", "path-info", text, "--json");
      assert.deepEqual([JSON.parse(stdout)[0].name, stderr], [name(old), ""], text);
    }
    const { stdout } = await run("store", "path-info", "curl_8.14.1-2_amd64.deb", "--json");
    assert.equal(JSON.parse(stdout)[0].name, name(deb("curl_8.14.1-2_amd64.deb")));
  });

  test("a path that is none, or may be several, is an error with the way out", async () => {
    assert.deepEqual(
      await run("store", "path-info", "nothing"),
      failed(
        `The store "${store.directory}" has no path "nothing"`,
        "Give the path or name of a store path, a link that leads to one, or the name of an installed VM",
      ),
    );
    const both = [old, young].map(name).sort().join('", "');
    assert.deepEqual(
      await run("store", "path-info", "microvm-qemu-web"),
      failed(
        `"microvm-qemu-web" may be any of 2 store paths: "${both}"`,
        "Give more of the name, from its beginning",
      ),
    );
  });

  test("path-info shows one path in full, and several in a line each", async () => {
    const { digest, time } = store.info(name(old));
    assert.equal(
      (await run("store", "path-info", "result-old")).stdout,
      `${store.pathOf(old)}
  kind        files
  size        10 B
  closure     13 B
  digest      ${digest}
  since       ${time}
  needs       ${name(layerOf(old))}
  built from  ${name(layerOf(old))} (below)
`,
    );
    const { stdout } = await run("store", "path-info", "result-old", "--closure");
    const lines = [`    10 B      13 B  ${name(old)}`, `     3 B       3 B  ${name(layerOf(old))}`];
    assert.deepEqual(stdout.trimEnd().split("\n").sort(), lines.sort());
  });

  test("why-depends shows the way, or that there is none", async () => {
    const { stdout } = await run("store", "why-depends", "web", name(layerOf(old)));
    assert.equal(stdout, `${name(old)}\n└─ ${name(layerOf(old))}\n`);
    assert.deepEqual(
      await run("store", "why-depends", "web", name(layerOf(young))),
      failed(
        `"${name(old)}" does not need "${name(layerOf(young))}"`,
        `See what it needs: microvm store path-info ${name(old)} --closure`,
      ),
    );
    assert.deepEqual(
      await run("store", "why-depends", "web"),
      failed('"store why-depends" takes two store paths', 'See "microvm store why-depends --help"', 2),
    );
  });

  test("diff shows packages with versions, paths with files, and sizes", async () => {
    assert.equal(
      (await run("store", "diff", "result-old", "result", "--files")).stdout,
      `curl: ∅ → 8.14.1-2
nginx: 1.26.3-3 → 1.26.4-1
zlib1g: 1:1.3~rc1-1 → ∅

microvm-qemu-web: 0 files differ, +0 B
trixie-packages: 1 file differs, +3 B
  file: content from byte 0 on, size 3 and 6 bytes

13 B → 16 B (+3 B)
`,
    );
    const { parts, size } = JSON.parse((await run("store", "diff", "web", "result", "--json")).stdout);
    assert.deepEqual(parts[1], { name: "nginx", before: ["1.26.3-3"], after: ["1.26.4-1"] });
    assert.deepEqual(size, { before: 13, after: 16 });
  });

  test("gc in a dry run names what no root needs; its ages have a unit", async () => {
    const { stdout } = await run("gc", "--dry-run", "--json");
    const { removed, kept, dryRun } = JSON.parse(stdout);
    assert.deepEqual([removed.length, kept, dryRun], [4, 4, true]);
    assert.ok(removed.includes(name(young)) && !removed.includes(name(old)));
    assert.match(
      (await run("gc", "--dry-run", "--older-than", "1h")).stdout,
      /^Would remove 0 store paths, 0 B; 8 /,
    );
    assert.match((await run("gc", "--dry-run", "--drop-inputs")).stdout, /^Would remove 6 store paths, /m);
    assert.deepEqual(
      await run("gc", "--older-than", "soon"),
      failed(
        '"--older-than" is "soon": it must be a number and one of s, m, h, d, w, for example "14d"',
        undefined,
        2,
      ),
    );
    assert.deepEqual(
      await run("gc", "everything"),
      failed('"gc" takes no "everything"', 'See "microvm gc --help"', 2),
    );
  });
});

test("verify says what is damaged and fails, and repairs", { skip }, async () => {
  assert.deepEqual(await run("store", "verify"), { status: 0, stdout: "8 store paths intact\n", stderr: "" });
  const file = join(store.pathOf(layerOf(young)), "file");
  chmodSync(file, 0o644);
  writeFileSync(file, "YOUNG!");
  chmodSync(file, 0o444);
  const damaged = await run("store", "verify");
  assert.match(
    damaged.stdout,
    new RegExp(`^${name(layerOf(young))}: damaged: its digest should be "\\w{64}", it is`),
  );
  assert.equal(
    damaged.stderr,
    'error: Of 8 store paths, 1 damaged\nhint: Try "microvm store verify --repair"\n',
  );
  assert.equal(damaged.status, 1);
  const repaired = await run("store", "verify", "result", name(layerOf(young)), "--repair");
  assert.match(repaired.stdout, /was damaged and is repaired: .*\n1 store path intact, 1 repaired\n$/);
  assert.equal(
    (await run("store", "verify", "result", "--rebuild")).stdout,
    "4 store paths intact and the same when built anew\n",
  );
});

test("optimise tells what it saved", { skip: skip || missing("perl") }, async () => {
  const { stdout } = await run("store", "optimise", "--json");
  const { linked, saved } = JSON.parse(stdout);
  assert.ok(linked >= 1 && saved > 0);
  assert.equal((await run("store", "optimise")).stdout, "Linked 0 files, saved 0 B\n");
});

test("a closure goes from store to store, by a key that is trusted", {
  skip: skip || missing("perl"),
}, async () => {
  const stream = join(directory, "stream");
  const other = {
    ...places,
    MICROVM_STORE: join(directory, "other"),
    MICROVM_CONFIG_DIR: join(directory, "theirs"),
  };
  const there = async (...args: string[]) => await microvm(args, { env: other, cwd: directory });
  assert.deepEqual(await run("store", "export", "result", "-o", stream, "--unsigned"), {
    status: 0,
    stdout: "",
    stderr: "",
  });
  assert.equal(
    (await run("store", "export", "result", "-o", stream)).stderr,
    "warning: there is no secret key, the stream is not signed\n",
  );
  const key = (await run("store", "key", "generate", "ours")).stdout.trim();
  const secret = join(places.MICROVM_CONFIG_DIR, "signing-key");
  assert.equal(statSync(secret).mode & 0o777, 0o600);
  assert.deepEqual(
    await run("store", "key", "generate", "ours"),
    failed(`"${secret}" exists and is not replaced`, "Move it away, or choose another file with --output", 2),
  );
  await run("store", "export", "result", "-o", stream);
  const untrusted = await there("store", "import", "-i", stream, "-o", "link");
  assert.match(
    untrusted.stderr,
    /^error: ".*" has no good signature by a trusted key, only by "ours"\nhint: Trust/,
  );
  assert.ok(!existsSync(join(directory, "link")));
  const trusted = join(other.MICROVM_CONFIG_DIR, "trusted-keys/ours");
  assert.equal((await there("store", "key", "trust", key)).stdout, `${trusted}\n`);
  assert.equal((await there("store", "key", "list")).stdout, `${key}\n`);
  const path = join(other.MICROVM_STORE, name(young));
  assert.deepEqual(await there("store", "import", "-i", stream, "-o", "link"), {
    status: 0,
    stdout: `${path}\n`,
    stderr: "",
  });
  assert.match((await there("gc")).stdout, /^Removed 0 store paths, 0 B; 2 store paths kept\n$/);
  rmSync(join(directory, "link"));
  assert.match((await there("gc")).stdout, /^Removed 2 store paths/);
});

test("a stream that cannot be read or written is told", { skip }, async () => {
  const missingFile = join(directory, "none/stream");
  const cases = [
    [
      ["store", "import", "-i", missingFile],
      `Cannot read the stream: ENOENT: no such file or directory, open '${missingFile}'`,
    ],
    [
      ["store", "export", "web", "--unsigned", "-o", missingFile],
      `Cannot write the stream to "${missingFile}": ENOENT`,
    ],
  ] as const;
  for (const [args, message] of cases) {
    const { status, stderr } = await run(...args);
    assert.equal(status, 1);
    assert.ok(stderr.startsWith(`error: ${message}`), stderr);
  }
  assert.deepEqual(
    await run("store", "export", "--unsigned"),
    failed('"store export" takes one store path or more', 'See "microvm store export --help"', 2),
  );
});

test("keys that are none are refused, and no name is trusted twice", async () => {
  const trust = async (text: string) => await run("store", "key", "trust", text);
  for (const text of [
    "nonsense",
    "microvm-public:x:AAAA",
    "microvm-secret:x:AAAA",
    "microvm-public:../x:AAAA",
  ]) {
    assert.deepEqual(
      await trust(text),
      failed(
        `There is no public key in "${text}"`,
        'A public key looks like this: microvm-public:NAME:BASE64; see "microvm store key --help"',
      ),
    );
  }
  const key = (byte: string) =>
    `microvm-public:name:${Buffer.from(byte.repeat(64), "hex").toString("base64")}`;
  await trust(key("1"));
  assert.deepEqual(
    await trust(key("2")),
    failed(
      'Another key of the name "name" is trusted already',
      `To trust this one in its place, remove "${join(places.MICROVM_CONFIG_DIR, "trusted-keys/name")}"`,
      2,
    ),
  );
  assert.deepEqual(
    await run("store", "key", "generate", "../x"),
    failed(
      '"../x" is no name for a key',
      "Use letters, digits, dots, dashes and underscores, at most 64: for example build-1.example.org",
      2,
    ),
  );
});

test("gc removes and tells how much", { skip }, async () => {
  assert.match((await run("gc")).stdout, /^Removed 4 store paths, \d+ KiB; 4 store paths kept\n$/);
  assert.ok(!store.has(young) && store.has(old));
});
