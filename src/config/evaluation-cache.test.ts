/** Evaluations that are kept: when one is used, when not, and what is never kept. */
import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, type TestContext, test } from "node:test";
import { mkdtempSync } from "../os/files.ts";
import { evaluateProject } from "./evaluate-project.ts";
import { cachedEvaluation } from "./evaluation-cache.ts";
import { type Files, project } from "./testing/project.ts";

let cache = "";

beforeEach(() => {
  delete process.env.MICROVM_EVAL_CACHE;
  process.env.XDG_CACHE_HOME = mkdtempSync(join(tmpdir(), "microvm-test-"));
  cache = join(process.env.XDG_CACHE_HOME, "microvm/eval");
});
afterEach(() => rmSync(process.env.XDG_CACHE_HOME!, { recursive: true }));

/** A guest that says when it was evaluated. */
const TEXT = `
  import { debian, defineProject } from "microvm";
  export default defineProject({ microvms: { guest: {
    pkgs: debian({ suite: "trixie", architecture: "amd64" }),
    config: { networking: { domain: \`at\${process.hrtime.bigint()}\` } },
  } } });
`;

const clock = (t: TestContext, files: Files = {}) => project(t, { "microvm.config.ts": TEXT, ...files });

/** When a project was evaluated, in a process of its own as always. */
async function evaluatedAt(file: string): Promise<string> {
  const { config } = await evaluateProject({ file, storeDir: "/store" });
  return (config as { networking: { domain: string } }).networking.domain;
}

/** The same without the evaluation, which takes a second. */
function timeOf(file: string, storeDir = "/store"): string {
  const { lines, keep } = cachedEvaluation({ file, root: dirname(file), storeDir, self: "path:/p" });
  if (lines) return lines.join();
  const now = String(process.hrtime.bigint());
  keep([now]);
  return now;
}

test("a project is evaluated again when a file of it changed, and not when it is as it once was", async (t) => {
  const file = clock(t, { "data/list.json": "[1]" });
  const data = join(dirname(file), "data/list.json");
  const first = timeOf(file);
  assert.equal(timeOf(file), first);
  writeFileSync(data, "[2]");
  const second = timeOf(file);
  assert.notEqual(second, first);
  writeFileSync(data, "[1]");
  assert.equal(timeOf(file), first);
  rmSync(data);
  assert.notEqual(timeOf(file), first);
  writeFileSync(data, "[2]");
  assert.equal(timeOf(file), second);
  assert.notEqual(timeOf(file, "/other"), second);
});

test("large files, and packages, count by size and times; the lock does not count", async (t) => {
  const large = "x".repeat(70_000);
  const file = clock(t, { large, "node_modules/a/index.js": "a", "microvm.lock": "{}" });
  const directory = dirname(file);
  for (const name of ["large", "node_modules/a/index.js"]) utimesSync(join(directory, name), 1, 1);
  // What was changed in the same instant as it was looked at could change once more unseen.
  await new Promise((done) => setTimeout(done, 50));
  const first = timeOf(file);
  writeFileSync(join(directory, "microvm.lock"), "{ }");
  assert.equal(timeOf(file), first);
  for (const [name, text] of Object.entries({ large, "node_modules/a/index.js": "a" })) {
    const before = timeOf(file);
    writeFileSync(join(directory, name), text.replace(/^./, "y"));
    assert.notEqual(timeOf(file), before, name);
    await new Promise((done) => setTimeout(done, 50));
  }
});

test("a link counts with the file that it leads to, and one to another directory prevents that anything is kept", async (t) => {
  const elsewhere = dirname(project(t, { "microvm.config.ts": "", text: "1" }));
  const file = clock(t);
  const link = join(dirname(file), "link");
  symlinkSync(join(elsewhere, "text"), link);
  const first = timeOf(file);
  assert.equal(timeOf(file), first);
  writeFileSync(join(elsewhere, "text"), "2");
  assert.notEqual(timeOf(file), first);
  rmSync(link);
  symlinkSync(elsewhere, link);
  assert.notEqual(timeOf(file), timeOf(file));
  // Nothing in a store changes.
  assert.equal(timeOf(file, dirname(elsewhere)), timeOf(file, dirname(elsewhere)));
});

test("a project of too many files is evaluated each time", async (t) => {
  const file = clock(t);
  const many = join(dirname(file), "many");
  mkdirSync(many);
  for (let at = 0; at < 5001; at++) writeFileSync(join(many, String(at)), "");
  assert.notEqual(timeOf(file), timeOf(file));
  assert.deepEqual(readdirSync(cache), []);
});

test("faults are not kept", async (t) => {
  const file = clock(t, { "microvm.config.ts": TEXT.replace("domain", "domian") });
  for (const _ of [1, 2]) await assert.rejects(evaluatedAt(file), /did you mean "networking\.domain"/);
  assert.deepEqual(readdirSync(cache), []);
});

test("what is damaged is evaluated again", async (t) => {
  const file = clock(t);
  const first = await evaluatedAt(file);
  const [name] = readdirSync(cache);
  for (const text of ["{", '{"project":{"hosts":[],"vms":[]}}']) {
    writeFileSync(join(cache, name!), text);
    assert.notEqual(await evaluatedAt(file), first);
  }
  const last = await evaluatedAt(file);
  assert.equal(await evaluatedAt(file), last);
});

test("nothing is kept where somebody else could write, nor when that is switched off", async (t) => {
  const file = clock(t);
  process.env.MICROVM_EVAL_CACHE = "0";
  assert.notEqual(timeOf(file), timeOf(file));
  delete process.env.MICROVM_EVAL_CACHE;
  mkdirSync(cache, { recursive: true });
  chmodSync(cache, 0o770);
  assert.notEqual(timeOf(file), timeOf(file));
  assert.deepEqual(readdirSync(cache), []);
});

test("a cache that cannot be written to is done without", (t) => {
  const file = clock(t);
  timeOf(file, "/other");
  const { lines, keep } = cachedEvaluation({
    file,
    root: dirname(file),
    storeDir: "/store",
    self: "path:/p",
  });
  assert.equal(lines, undefined);
  rmSync(cache, { recursive: true });
  keep(["answer"]);
  assert.ok(!existsSync(cache));
});

test("what was used longest ago is removed, once there is some of it", async (t) => {
  const file = clock(t);
  const kept = timeOf(file);
  const count = readdirSync(cache).length;
  for (let at = 0; at < 231 - count; at++) {
    writeFileSync(join(cache, `old${at}`), "");
    utimesSync(join(cache, `old${at}`), at, at);
  }
  timeOf(file, "/other");
  assert.equal(readdirSync(cache).length, 232);
  timeOf(file, "/another");
  const names = readdirSync(cache);
  assert.equal(names.length, 200);
  assert.ok(!names.includes("old0") && names.includes("old229"));
  assert.equal(timeOf(file), kept);
});
