import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import type { Command } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { runCommand } from "./run.ts";
import { storeCommand } from "./store.ts";
import { microvm } from "./testing/program.ts";

const OLD_NODE = "/usr/bin/node";
const oldVersion = spawnSync(OLD_NODE, ["--version"], { encoding: "utf8" }).stdout?.trim() ?? "";
const isOld = oldVersion !== "" && Number(/^v(\d+)/.exec(oldVersion)?.[1]) < 24;

/** Every command below this one, at any depth. */
async function commandsBelow({ commands = {} }: Command): Promise<Command[]> {
  const found = await Promise.all(Object.values(commands).map((load) => load()));
  return [...found, ...(await Promise.all(found.map(commandsBelow))).flat()];
}

describe("the command line", { concurrency: 4 }, () => {
  test("a command that is none is wrong usage, and one that is near is named", async () => {
    for (const [wrong, meant] of [
      ["nonsense", ""],
      ["lits", '; did you mean "list"'],
      ["remvoe", '; did you mean "remove"'],
    ] as const) {
      assert.deepEqual(await microvm([wrong]), {
        status: 2,
        stdout: "",
        stderr: `error: There is no command "${wrong}"${meant}\nhint: See "microvm --help"\n`,
      });
    }
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
    for (const line of [...Object.keys(COMMANDS).map((name) => `microvm ${name} `), "MICROVM_STORE"]) {
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

  test("every command's help has its usage and examples, and fits a terminal of 120 columns", async () => {
    const top = await Promise.all(Object.values(COMMANDS).map((load) => load()));
    for (const { name, help } of [...top, ...(await commandsBelow(storeCommand))]) {
      assert.ok(help.includes(`\nUsage: microvm ${name} `), name);
      assert.ok(help.includes("\nExamples:\n  "), name);
      assert.ok(help.includes("  -h, --help "), name);
      for (const line of help.split("\n")) assert.ok(line.length <= 120, line);
    }
  });

  test("a command below another has help of its own, and a wrong one is named with the way out", async () => {
    const { help } = (await commandsBelow(storeCommand)).find(({ name }) => name === "store key trust")!;
    for (const args of [
      ["store", "key", "trust", "--help"],
      ["help", "store", "key", "trust"],
    ]) {
      assert.deepEqual(await microvm(args), { status: 0, stdout: help, stderr: "" });
    }
    assert.equal((await microvm(["store", "--help"])).stdout, storeCommand.help);
    const cases: readonly (readonly [string[], string, string])[] = [
      [
        ["store", "nonsense"],
        'There is no command "store nonsense"',
        'The commands are "verify", "optimise", "path-info", "why-depends", "diff", "export", "import", "key"; see "microvm store --help"',
      ],
      [["store"], '"store" needs a command', 'See "microvm store --help"'],
      [["store", "key"], '"store key" needs a command', 'See "microvm store key --help"'],
      [
        ["store", "key", "lose"],
        'There is no command "store key lose"',
        'The commands are "generate", "trust", "list"; see "microvm store key --help"',
      ],
    ];
    for (const [args, message, hint] of cases) {
      assert.deepEqual(await microvm(args), {
        status: 2,
        stdout: "",
        stderr: `error: ${message}\nhint: ${hint}\n`,
      });
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
