import assert from "node:assert/strict";
import { existsSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { directory, failed, name, places, run, skip, young } from "../../src/cli/testing/filled-store.ts";
import { microvm } from "../../src/cli/testing/program.ts";
import { missing } from "../../src/os/testing/programs.ts";

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
