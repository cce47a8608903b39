import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { MicrovmError } from "../errors.ts";
import type { BuildJob } from "./builder.ts";
import { keptLogs, openLog, removeLog } from "./log.ts";
import { storePathName } from "./recipe.ts";
import { recipe } from "./testing/recipes.ts";
import { temporaryDirectory, temporaryStore } from "./testing/temporary-store.ts";

/** A store, one recipe, and what its builder does. */
function scene(context: TestContext, build: (job: BuildJob) => void) {
  const store = temporaryStore(context);
  const subject = recipe("subject");
  const name = storePathName(subject);
  return {
    store,
    name,
    file: join(store.directory, ".logs", `${name}.log`),
    realise: () => store.realise(subject, { builders: { text: async (job) => build(job) } }),
  };
}

test("what a build prints is kept, for the store's owner alone", async (context) => {
  const { realise, file } = scene(context, (job) => {
    job.log(Buffer.from("one\ntw"));
    job.log(Buffer.from("o\n"));
    writeFileSync(job.out, "");
  });
  await realise();
  assert.equal(readFileSync(file, "utf8"), "one\ntwo\n");
  assert.equal(statSync(file).mode & 0o777, 0o600);
});

test("a build that prints nothing has no log, and the one of the build before is gone", async (context) => {
  let words = "broken\n";
  const { realise, file, store } = scene(context, (job) => {
    if (words === "") return writeFileSync(job.out, "");
    job.log(Buffer.from(words));
    throw new Error("no luck");
  });
  await assert.rejects(realise());
  assert.equal(readFileSync(file, "utf8"), "broken\n");
  words = "";
  await realise();
  assert.deepEqual(readdirSync(join(store.directory, ".logs")), []);
});

test("a failed build's error shows the end of its log, and where the whole of it is", async (context) => {
  const lines = Array.from({ length: 40 }, (_, index) => `line ${index + 1}\n`);
  const { realise, name, file } = scene(context, (job) => {
    job.log(Buffer.from(lines.join("")));
    throw new Error("the tap ran dry");
  });
  await assert.rejects(realise(), {
    code: "build-failed",
    message: `Cannot build "${name}": the tap ran dry\n${lines.slice(10).join("").trimEnd()}`,
    hint: `The lines above are the end of the build's log, "${file}"`,
  });
  assert.equal(readFileSync(file, "utf8"), lines.join(""));
});

test("an error for people keeps its code, its words and its hint", async (context) => {
  const { realise, file } = scene(context, (job) => {
    job.log(Buffer.from("\x1b[31mred\x1b[0m\x07\n"));
    throw new MicrovmError("command-failed", "It failed", { hint: "Try another one" });
  });
  await assert.rejects(realise(), {
    code: "command-failed",
    message: "It failed\nred",
    hint: `The lines above are the end of the build's log, "${file}". Try another one`,
  });
  assert.equal(readFileSync(file, "utf8"), "\x1b[31mred\x1b[0m\x07\n");
});

test("a log that cannot be kept fails no build", async (context) => {
  const { realise, store } = scene(context, (job) => {
    job.log(Buffer.from("lost\n"));
    throw new MicrovmError("command-failed", "It failed");
  });
  mkdirSync(store.directory);
  // A directory cannot be made where a link leads nowhere.
  symlinkSync("/nowhere/at/all", join(store.directory, ".logs"));
  await assert.rejects(realise(), {
    message: "It failed\nlost",
    hint: "The lines above are the end of what was printed",
  });
});

test("of a long log the beginning and the end are kept", (context) => {
  const directory = temporaryDirectory(context);
  const name = storePathName(recipe("long"));
  const file = join(directory, ".logs", `${name}.log`);
  const written = (size: number, piece: number) => {
    const text = Array.from({ length: size }, (_, index) => String.fromCharCode(97 + (index % 26))).join("");
    const log = openLog(directory, name, { head: 10, tail: 4 });
    for (let at = 0; at < size; at += piece) log.write(Buffer.from(text.slice(at, at + piece)));
    log.close();
    return readFileSync(file, "utf8");
  };
  for (const piece of [1, 3, 7, 100]) {
    assert.equal(written(10, piece), "abcdefghij");
    assert.equal(written(12, piece), "abcdefghijkl");
    assert.equal(written(14, piece), "abcdefghijklmn");
    assert.equal(written(26, piece), "abcdefghij\n[12 bytes are left out here: the log is too long]\nwxyz");
  }
});

test("kept logs are found, the latest first, and can be removed", (context) => {
  const directory = temporaryDirectory(context);
  assert.deepEqual(keptLogs(directory), []);
  const [first, second] = ["first", "second"].map((name) => storePathName(recipe(name))) as [string, string];
  for (const name of [first, second]) {
    const log = openLog(directory, name);
    log.write(Buffer.from("x"));
    log.close();
  }
  writeFileSync(join(directory, ".logs/stray.log"), "");
  utimesSync(join(directory, ".logs", `${first}.log`), 2_000_000_000, 2_000_000_000);
  assert.deepEqual(
    keptLogs(directory).map(({ name }) => name),
    [first, second],
  );
  removeLog(directory, first);
  removeLog(directory, first);
  assert.ok(!existsSync(join(directory, ".logs", `${first}.log`)));
  assert.equal(keptLogs(directory).length, 1);
});
