import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { buildCommand } from "./build.ts";
import { evalCommand } from "./eval.ts";
import { logCommand } from "./log.ts";
import { optionsCommand } from "./options.ts";
import { runCommand } from "./run.ts";
import { microvm } from "./testing/program.ts";

const OLD_NODE = "/usr/bin/node";
const oldVersion = spawnSync(OLD_NODE, ["--version"], { encoding: "utf8" }).stdout?.trim() ?? "";
const isOld = oldVersion !== "" && Number(/^v(\d+)/.exec(oldVersion)?.[1]) < 24;

describe("the command line", { concurrency: 4 }, () => {
  test("a command that is none is wrong usage, and the others are named", async () => {
    assert.deepEqual(await microvm(["nonsense"]), {
      status: 2,
      stdout: "",
      stderr: `error: There is no command "nonsense"
hint: The commands are "run", "build", "eval", "options", "log"; see "microvm --help"
`,
    });
  });

  test("wrong usage of a command leads to its help", async () => {
    assert.deepEqual(await microvm(["run", "--timeout", "soon"]), {
      status: 2,
      stdout: "",
      stderr: `error: "--timeout" is "soon": it must be a number of seconds above zero
hint: See "microvm run --help"
`,
    });
  });

  test("what goes wrong otherwise is one error, one hint and status 1", async () => {
    const { status, stdout, stderr } = await microvm(["eval", "no/such/place"]);
    assert.equal(status, 1);
    assert.equal(stdout, "");
    assert.match(stderr, /^error: [^\n]*no\/such\/place[^\n]*\n(hint: [^\n]+\n)?$/);
  });

  test("the version is that of the package", async () => {
    const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
    assert.deepEqual(await microvm(["--version"]), { status: 0, stdout: `microvm ${version}\n`, stderr: "" });
  });

  test("the overview names every command; without arguments it is wrong usage", async () => {
    const { status, stdout } = await microvm(["--help"]);
    assert.equal(status, 0);
    for (const line of [
      "microvm run ",
      "microvm build ",
      "microvm eval ",
      "microvm options ",
      "microvm log ",
      "MICROVM_STORE",
    ]) {
      assert.ok(stdout.includes(line), line);
    }
    assert.deepEqual(await microvm([]), { status: 2, stdout, stderr: "" });
  });

  test("a command's help has usage, options and examples, and runs nothing", async () => {
    const asked = await microvm(["run", "no/such/place", "--help"]);
    assert.deepEqual([asked.status, asked.stdout, asked.stderr], [0, runCommand.help, ""]);
    for (const part of ["\nUsage: microvm run [PROJECT[#NAME]]", "\n  -e, --exec COMMAND", "\nExamples:\n"]) {
      assert.ok(asked.stdout.includes(part), part);
    }
  });

  test("no line of the help is wider than a terminal of 120 columns", async () => {
    for (const { help } of [buildCommand, evalCommand, logCommand, optionsCommand, runCommand]) {
      for (const line of help.split("\n")) assert.ok(line.length <= 120, line);
    }
  });

  test("a Node that is too old gets a sentence", {
    skip: isOld ? false : `no old Node at ${OLD_NODE}`,
  }, async () => {
    assert.deepEqual(await microvm(["--version"], { node: OLD_NODE }), {
      status: 1,
      stdout: "",
      stderr: `microvm: Node ${oldVersion.slice(1)} is too old: install Node 24 or newer and run the command again\n`,
    });
  });
});
