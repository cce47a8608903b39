/**
 * Shells that start programs for a test that holds much memory: Linux copies the tables of all of it when a process is
 * started, which takes such a test 25 ms and a shell one.
 */

import { createInterface } from "node:readline";
import { after } from "node:test";
import { quoteCommand, quoteWord, spawn } from "../src/os/processes.ts";

/** A shell that runs commands, one after the other. It ends with the file's tests. */
export interface Shell {
  /** Runs a command with its standard output in a file, and without its errors; gives its exit status. */
  run(command: readonly string[], output: string): Promise<number>;
}

/** Starts one; before the test has grown, it starts the quickest. */
export function startShell(env: Readonly<Record<string, string | undefined>>): Shell {
  const child = spawn("sh", [], { env, stdio: ["pipe", "pipe", "ignore"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let last: Promise<unknown> = Promise.resolve();
  after(() => child.stdin.end());
  return {
    run(command, output) {
      const done = last.then(async () => {
        child.stdin.write(`${quoteCommand(command)} >${quoteWord(output)} 2>/dev/null </dev/null; echo $?\n`);
        const { value, done: hasEnded } = await lines.next();
        if (hasEnded) throw new Error("The shell has ended");
        return Number(value);
      });
      last = done;
      return done;
    },
  };
}
