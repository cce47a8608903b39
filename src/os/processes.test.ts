import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { ended, quoteCommand, quoteWord, run, runToEnd, spawn } from "./processes.ts";

const shell = (script: string) => ["sh", "-c", script];

test("words are quoted only when a shell would make something of them", () => {
  const words = {
    "/usr/bin/a-b_c.d": "/usr/bin/a-b_c.d",
    "key=value,x:1@%+": "key=value,x:1@%+",
    "": "''",
    "two words": "'two words'",
    "it's": "'it'\\''s'",
    "$(x)": "'$(x)'",
    "~": "'~'",
    "*": "'*'",
    "a\n": "'a\n'",
    ü: "'ü'",
  };
  for (const [word, quoted] of Object.entries(words)) assert.equal(quoteWord(word), quoted);
});

test("a quoted command is the same command to a shell", () => {
  const words = ["a b", "it's", "$(x) `y` $z", "line\nbreak", "\\", '"', "", "*", "-n"];
  const printed = spawnSync("sh", ["-c", quoteCommand(["printf", "%s\\0", ...words])], { encoding: "utf8" });
  assert.deepEqual(printed.stdout.split("\0").slice(0, -1), words);
});

test("a program's output, status and input", async () => {
  const result = await runToEnd(shell("cat; echo err >&2; exit 3"), { input: "in" });
  assert.deepEqual([result.stdout.toString(), result.stderr.toString(), result.code], ["in", "err\n", 3]);
  assert.equal((await runToEnd(shell("kill -9 $$"))).code, 137);
  assert.equal(
    (await run(shell("echo $A"), { env: { A: "only", PATH: process.env.PATH! } })).toString(),
    "only\n",
  );
});

test("output that is handed on is in neither result nor error; file descriptor 3 is another way out", async () => {
  const seen: string[] = [];
  const options = {
    onOutput: (chunk: Buffer) => seen.push(`output ${chunk}`),
    onStatus: (chunk: Buffer) => seen.push(`status ${chunk}`),
  };
  const result = await runToEnd(shell("echo out; echo err >&2; echo three >&3"), options);
  assert.deepEqual(seen.sort(), ["output err\n", "output out\n", "status three\n"]);
  assert.deepEqual([result.stdout.length, result.stderr.length, result.code], [0, 0, 0]);
  await assert.rejects(run(shell("echo out; exit 1"), options), {
    message: "Command failed with exit status 1: sh -c 'echo out; exit 1'",
  });
});

test("a program that does not read its input is no fault", async () => {
  assert.equal((await runToEnd(["true"], { input: "x".repeat(1 << 20) })).code, 0);
});

test("a failed command is printed ready to paste, with the end of its output", async () => {
  await assert.rejects(run(shell("seq 1 30; echo 'not good' >&2; exit 7")), {
    code: "command-failed",
    message: `Command failed with exit status 7: sh -c 'seq 1 30; echo '\\''not good'\\'' >&2; exit 7'\n${Array.from({ length: 19 }, (_, index) => index + 12).join("\n")}\nnot good`,
  });
  await assert.rejects(run(["false"]), { message: "Command failed with exit status 1: false" });
});

test("a program that is not there is named", async () => {
  const fault = {
    code: "tool-missing",
    message: 'Cannot start "no-such-program": spawn no-such-program ENOENT',
    hint: 'Install the package of this machine that contains "no-such-program"',
  };
  await assert.rejects(run(["no-such-program"]), fault);
  await assert.rejects(ended(spawn("no-such-program")), fault);
});

test("the end of a child is told, before it and after", async () => {
  const child = spawn("sh", ["-c", "exit 4"]);
  assert.equal(await ended(child), 4);
  assert.equal(await ended(child), 4);
});
