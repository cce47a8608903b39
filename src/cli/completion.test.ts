import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { runToEnd } from "../os/processes.ts";
import { missing } from "../os/testing/programs.ts";
import { temporaryDirectory } from "../os/testing/temporary-directory.ts";
import { type CompletedCommand, completionScript } from "./completion-scripts.ts";
import { microvm } from "./testing/program.ts";

const COMMANDS: readonly CompletedCommand[] = [
  { name: "list", summary: "List it's VMs", options: ["--check", "--json"], below: [], takesVms: false },
  { name: "start", summary: "Start", options: ["--quiet"], below: [], takesVms: true },
  { name: "store", summary: "Store", options: [], below: ["verify", "diff"], takesVms: false },
];

/** What bash would offer for these words, with a program that lists two VMs. */
async function offered(...words: string[]): Promise<string[]> {
  const script = `microvm() { printf 'web\\nwork\\n'; }
${completionScript("bash", COMMANDS)}
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _microvm; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = await runToEnd(["bash", "-c", script, "bash", "microvm", ...words]);
  assert.equal(stderr.toString(), "");
  return stdout.toString().trim().split("\n");
}

test("bash completes commands, options, commands below and names of VMs", {
  skip: missing("bash"),
}, async () => {
  assert.deepEqual(await offered("st"), ["start", "store"]);
  assert.deepEqual(await offered("list", "--"), ["--check", "--json"]);
  assert.deepEqual(await offered("start", "we"), ["web"]);
  assert.deepEqual(await offered("start", "web", "w"), ["web", "work"]);
  assert.deepEqual(await offered("start", "-"), ["--quiet"]);
  assert.deepEqual(await offered("-u", "wo"), ["work"]);
  assert.deepEqual(await offered("store", "v"), ["verify"]);
  assert.deepEqual(await offered("list", "w"), [""]);
});

for (const shell of ["bash", "zsh", "fish"] as const) {
  test(`${shell} takes the script`, { skip: missing(shell) }, async (t) => {
    const { status, stdout } = await microvm(["completion", shell]);
    assert.equal(status, 0);
    const file = join(temporaryDirectory(t), "script");
    writeFileSync(file, stdout);
    const { code, stderr } = await runToEnd([shell, "-n", file]);
    assert.deepEqual([code, stderr.toString()], [0, ""]);
    for (const word of ["update", "restart", "verify"]) assert.ok(stdout.includes(word), word);
  });
}

test("fish completes the same", { skip: missing("fish") }, async (t) => {
  const file = join(temporaryDirectory(t), "script");
  writeFileSync(file, completionScript("fish", COMMANDS));
  const script = `function microvm; printf 'web\nwork\n'; end; source ${file}; complete -C $argv[1]`;
  const ask = async (line: string) => {
    const { stdout, stderr } = await runToEnd(["fish", "-c", script, line]);
    assert.equal(stderr.toString(), "");
    return stdout.toString().trim().split("\n");
  };
  assert.deepEqual(await ask("microvm st"), ["start\tStart", "store\tStore"]);
  assert.deepEqual(await ask("microvm lis"), ["list\tList it's VMs"]);
  assert.deepEqual(await ask("microvm start we"), ["web"]);
  assert.deepEqual(await ask("microvm list --c"), ["--check"]);
});

test("every shell's script names the commands, and an unknown shell is wrong usage", async () => {
  for (const shell of ["zsh", "fish"] as const) {
    const script = completionScript(shell, COMMANDS);
    for (const { name, below } of COMMANDS) {
      for (const word of [name, ...below]) assert.ok(script.includes(word), `${shell} ${word}`);
    }
  }
  assert.deepEqual(await microvm(["completion", "tcsh"]), {
    status: 2,
    stdout: "",
    stderr: 'error: "completion" needs one of "bash", "zsh", "fish"\nhint: See "microvm completion --help"\n',
  });
});
