import assert from "node:assert/strict";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import {
  deb,
  failed,
  layerOf,
  links,
  name,
  old,
  run,
  skip,
  store,
  young,
} from "../../src/cli/testing/filled-store.ts";
import { missing } from "../../src/os/testing/programs.ts";

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

test("gc removes and tells how much", { skip }, async () => {
  assert.match((await run("gc")).stdout, /^Removed 4 store paths, \d+ KiB; 4 store paths kept\n$/);
  assert.ok(!store.has(young) && store.has(old));
});
