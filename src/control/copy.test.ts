import assert from "node:assert/strict";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { temporaryDirectory } from "../os/testing/temporary-directory.ts";
import { copyFrom } from "./copy.ts";
import { waitForAgent } from "./guest-agent.ts";
import { extractTar } from "./tar-reader.ts";
import { tarOf } from "./tar-writer.ts";
import { fakeAgent, ran } from "./testing/fake-agent.ts";

const silent = { copied() {}, skipped() {} };

async function* pieces(...buffers: Buffer[]): AsyncGenerator<Buffer> {
  yield* buffers;
}

/** One entry of an archive, with any name, as a guest may send it. */
function entry(name: string, type = "0", text = "", target = ""): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write("0000777\0", 100);
  header.write("0000000\0", 108);
  header.write("0000000\0", 116);
  header.write(`${text.length.toString(8).padStart(11, "0")}\0`, 124);
  header.write("00000000000\0", 136);
  header.fill(" ", 148, 156);
  header.write(type, 156);
  header.write(target, 157);
  header.write("ustar\x0000", 257);
  header.write(
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, "0")}\0`,
    148,
  );
  const content = Buffer.alloc(Math.ceil(text.length / 512) * 512);
  content.write(text);
  return Buffer.concat([header, content]);
}

const END = Buffer.alloc(1024);

/** What is in a new directory after a guest has sent this for "top". */
async function received(test: TestContext, ...archive: Buffer[]) {
  const outer = temporaryDirectory(test);
  const directory = join(outer, "in");
  mkdirSync(directory);
  const done = extractTar(pieces(...archive, END), directory, "top", silent);
  return { outer, directory, done };
}

test("a tree comes out as it went in: names, modes, links, and content of any length", async (t) => {
  const directory = temporaryDirectory(t);
  const tree = join(directory, "tree");
  mkdirSync(join(tree, "sub"), { recursive: true });
  const long = "n".repeat(200);
  writeFileSync(join(tree, "sub", long), Buffer.alloc(700_000, "ü"));
  writeFileSync(join(tree, "a run"), "#!\n");
  chmodSync(join(tree, "a run"), 0o4750);
  symlinkSync("/etc/passwd", join(tree, "link"));
  symlinkSync(`${long}/${long}`, join(tree, "long link"));
  chmodSync(join(tree, "sub"), 0o550);
  const out = join(directory, "out");
  mkdirSync(out);
  assert.equal(await extractTar(pieces(...tarOf(tree, "top", silent)), out, "top", silent), "directory");
  const top = join(out, "top");
  assert.deepEqual(readdirSync(top).sort(), ["a run", "link", "long link", "sub"]);
  assert.equal(statSync(join(top, "a run")).mode & 0o7777, 0o750);
  assert.equal(statSync(join(top, "sub")).mode & 0o7777, 0o550);
  assert.equal(readlinkSync(join(top, "link")), "/etc/passwd");
  assert.equal(readlinkSync(join(top, "long link")), `${long}/${long}`);
  assert.deepEqual(readFileSync(join(top, "sub", long)), Buffer.alloc(700_000, "ü"));
});

test("what a hostile guest sends is refused, and nothing is written outside", async (t) => {
  const cases: Record<string, Buffer[]> = {
    "another name": [entry("other", "0", "x")],
    "a way up": [entry("../out", "0", "x")],
    "a way up below": [entry("top/", "5"), entry("top/../../out", "0", "x")],
    "an absolute name": [entry("/etc/microvm-test", "0", "x")],
    "through a link": [entry("top/", "5"), entry("top/l", "2", "", ".."), entry("top/l/out", "0", "x")],
    "over a link": [entry("top", "2", "", "../out"), entry("top", "0", "x")],
    "a hard link to the host's": [entry("top/", "5"), entry("top/h", "1", "", "etc/passwd")],
    twice: [entry("top", "0", "x"), entry("top", "0", "y")],
    "a directory that was not sent": [entry("top/", "5"), entry("top/a/b", "0", "x")],
    nothing: [],
  };
  for (const [name, archive] of Object.entries(cases)) {
    const { outer, done } = await received(t, ...archive);
    await assert.rejects(done, { code: "guest-failed" }, name);
    assert.deepEqual(readdirSync(outer), ["in"], name);
  }
});

test("a refusal names what was sent, as a terminal may show it", async (t) => {
  const { done } = await received(t, entry("ev\x1b[31mil", "0", "x"));
  await assert.rejects(done, {
    code: "guest-failed",
    message: 'The guest sent "evil", which is refused: it is not below what was asked for',
    hint: "Nothing was copied; see what runs in the guest",
  });
});

test("devices and FIFOs of a guest are left out", async (t) => {
  const { directory, done } = await received(t, entry("top/", "5"), entry("top/d", "3"), entry("top/p", "6"));
  await done;
  assert.deepEqual(readdirSync(join(directory, "top")), []);
});

test("a hostile archive over the agent leaves nothing behind", async (t) => {
  const archive = Buffer.concat([entry("top/", "5"), entry("top/../../out", "0", "x"), END]);
  const { path } = await fakeAgent(t, ran({ stdout: [archive.toString("latin1")] }));
  using agent = await waitForAgent(path, AbortSignal.timeout(5000));
  const directory = temporaryDirectory(t);
  await assert.rejects(copyFrom(agent, "/srv/top", join(directory, "copy"), true, silent), {
    code: "guest-failed",
  });
  assert.deepEqual(readdirSync(directory), []);
});

test("what the guest's tar says is the reason, as a terminal may show it", async (t) => {
  const fake = await fakeAgent(
    t,
    ran({ stderr: ["tar: \x1b[31mnosuch: Cannot stat"], status: { exitcode: 2 } }),
  );
  using agent = await waitForAgent(fake.path, AbortSignal.timeout(5000));
  const directory = temporaryDirectory(t);
  await assert.rejects(copyFrom(agent, "/nosuch", join(directory, "copy"), false, silent), {
    message: "The guest cannot copy that: tar: nosuch: Cannot stat",
  });
  assert.deepEqual(readdirSync(directory), []);
});
