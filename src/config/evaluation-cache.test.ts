/** Evaluations that are kept: when one is used, when not, and what is never kept. */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, type TestContext, test } from "node:test";
import { mkdtempSync } from "../os/files.ts";
import { evaluateProject } from "./evaluate-project.ts";
import { type Files, project } from "./testing/project.ts";

let cache = "";

beforeEach(() => {
  delete process.env.MICROVM_EVAL_CACHE;
  process.env.XDG_CACHE_HOME = mkdtempSync(join(tmpdir(), "microvm-test-"));
  cache = join(process.env.XDG_CACHE_HOME, "microvm/eval");
});
afterEach(() => rmSync(process.env.XDG_CACHE_HOME!, { recursive: true }));

/** A guest that says when it was evaluated. */
const CLOCK = `
  import { debian, defineProject } from "microvm";
  export default defineProject({ microvms: { guest: {
    pkgs: debian({ suite: "trixie", architecture: "amd64" }),
    config: { networking: { domain: \`at\${process.hrtime.bigint()}\` } },
  } } });
`;

const clock = (t: TestContext, files: Files = {}) => project(t, { "microvm.config.ts": CLOCK, ...files });

async function timeOf(file: string, storeDir = "/store"): Promise<string> {
  const { config } = await evaluateProject({ file, storeDir });
  return (config as { networking: { domain: string } }).networking.domain;
}

test("a project is evaluated again when a file of it changed, and not when it is as it once was", async (t) => {
  const file = clock(t, { "data/list.json": "[1]" });
  const data = join(dirname(file), "data/list.json");
  const first = await timeOf(file);
  assert.equal(await timeOf(file), first);
  writeFileSync(data, "[2]");
  const second = await timeOf(file);
  assert.notEqual(second, first);
  writeFileSync(data, "[1]");
  assert.equal(await timeOf(file), first);
  rmSync(data);
  assert.notEqual(await timeOf(file), first);
  writeFileSync(data, "[2]");
  assert.equal(await timeOf(file), second);
  assert.notEqual(await timeOf(file, "/other"), second);
});

test("large files, and packages, count by size and times; the lock does not count", async (t) => {
  const large = "x".repeat(70_000);
  const file = clock(t, { large, "node_modules/a/index.js": "a", "microvm.lock": "{}" });
  const directory = dirname(file);
  for (const name of ["large", "node_modules/a/index.js"]) utimesSync(join(directory, name), 1, 1);
  // What was changed in the same instant as it was looked at could change once more unseen.
  await new Promise((done) => setTimeout(done, 50));
  const first = await timeOf(file);
  writeFileSync(join(directory, "microvm.lock"), "{ }");
  assert.equal(await timeOf(file), first);
  for (const [name, text] of Object.entries({ large, "node_modules/a/index.js": "a" })) {
    const before = await timeOf(file);
    writeFileSync(join(directory, name), text.replace(/^./, "y"));
    assert.notEqual(await timeOf(file), before, name);
    await new Promise((done) => setTimeout(done, 50));
  }
});

test("a link counts with the file that it leads to, and one to another directory prevents that anything is kept", async (t) => {
  const elsewhere = dirname(project(t, { "microvm.config.ts": "", text: "1" }));
  const file = clock(t);
  const link = join(dirname(file), "link");
  symlinkSync(join(elsewhere, "text"), link);
  const first = await timeOf(file);
  assert.equal(await timeOf(file), first);
  writeFileSync(join(elsewhere, "text"), "2");
  assert.notEqual(await timeOf(file), first);
  rmSync(link);
  symlinkSync(elsewhere, link);
  assert.notEqual(await timeOf(file), await timeOf(file));
  // Nothing in a store changes.
  assert.equal(await timeOf(file, dirname(elsewhere)), await timeOf(file, dirname(elsewhere)));
});

test("a project of too many files is evaluated each time", async (t) => {
  const file = clock(t);
  const many = join(dirname(file), "many");
  mkdirSync(many);
  for (let at = 0; at < 5001; at++) writeFileSync(join(many, String(at)), "");
  assert.notEqual(await timeOf(file), await timeOf(file));
  assert.deepEqual(readdirSync(cache), []);
});

test("faults are not kept", async (t) => {
  const file = clock(t, { "microvm.config.ts": CLOCK.replace("domain", "domian") });
  for (const _ of [1, 2]) await assert.rejects(timeOf(file), /did you mean "networking\.domain"/);
  assert.deepEqual(readdirSync(cache), []);
});

test("what is damaged is evaluated again", async (t) => {
  const file = clock(t);
  const first = await timeOf(file);
  const [name] = readdirSync(cache);
  for (const text of ["", "{", '{"project":{"hosts":[],"vms":[]}}']) {
    writeFileSync(join(cache, name!), text);
    assert.notEqual(await timeOf(file), first);
  }
  const last = await timeOf(file);
  assert.equal(await timeOf(file), last);
});

test("nothing is kept where somebody else could write, nor when that is switched off", async (t) => {
  const file = clock(t);
  process.env.MICROVM_EVAL_CACHE = "0";
  assert.notEqual(await timeOf(file), await timeOf(file));
  delete process.env.MICROVM_EVAL_CACHE;
  mkdirSync(cache, { recursive: true });
  chmodSync(cache, 0o770);
  assert.notEqual(await timeOf(file), await timeOf(file));
  assert.deepEqual(readdirSync(cache), []);
});

test("what was used longest ago is removed", async (t) => {
  const file = clock(t);
  const kept = await timeOf(file);
  for (let at = 0; at < 220; at++) {
    writeFileSync(join(cache, `old${at}`), "");
    utimesSync(join(cache, `old${at}`), at, at);
  }
  await timeOf(file, "/other");
  const names = readdirSync(cache);
  assert.equal(names.length, 200);
  assert.ok(!names.includes("old0") && names.includes("old219"));
  assert.equal(await timeOf(file), kept);
});
