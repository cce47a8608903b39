/** The program on a terminal. */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { ended, quoteCommand, spawn } from "../src/os/processes.ts";
import { environment, PROGRAM } from "./support.ts";

/** How long a screen may take to show what is waited for, in milliseconds: a guest's start on a busy machine, and more. */
const SCREEN_TIME = 300_000;

/** What the screen shows when the program runs on a terminal of 33 rows and 99 columns, the keys that it gets: each once what stands before it was seen, or what comes of a function then. */
export async function onTerminal(
  args: readonly string[],
  steps: readonly (readonly [RegExp, string | (() => Promise<string>)])[],
  changes: Readonly<Record<string, string>> = {},
) {
  const line = `stty rows 33 cols 99; ${quoteCommand([...PROGRAM, ...args])}; echo "code $?"; stty -a`;
  const terminal = spawn("script", ["-qec", line, "/dev/null"], {
    env: { ...environment(changes), TERM: "dumb", SHELL: "/bin/sh" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  let screen = "";
  terminal.stdout.on("data", (chunk: Buffer) => {
    screen += chunk;
  });
  try {
    for (const [seen, keys] of steps) {
      for (const begun = Date.now(); !seen.test(screen); await delay(100)) {
        assert.ok(Date.now() - begun < SCREEN_TIME, `${seen} did not appear:\n${screen}`);
        assert.equal(terminal.exitCode, null, `ended before ${seen}:\n${screen}`);
      }
      terminal.stdin.write(typeof keys === "string" ? keys : await keys());
    }
    await ended(terminal);
    return screen;
  } finally {
    terminal.kill("SIGKILL");
  }
}
