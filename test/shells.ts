/**
 * Shells that start programs for a process that holds much memory: Linux copies the tables of all of it when a process is
 * started, which takes such a test 25 ms and a shell one.
 */
import type { Socket } from "node:net";
import { createInterface } from "node:readline";
import { quoteCommand, quoteWord, spawn } from "../src/os/processes.ts";

/** A shell that runs commands, one after the other. It ends with this process, and keeps it only while one runs. */
export interface Shell {
  /** Runs a command with its standard output in a file, and without its errors; gives its exit status. */
  run(command: readonly string[], output: string): Promise<number>;
}

/** Starts one; before the process has grown, it starts the quickest. */
export function startShell(): Shell {
  const child = spawn("sh", [], { stdio: ["pipe", "pipe", "ignore"] });
  const pipes = [child.stdin, child.stdout] as unknown as readonly Socket[];
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let last: Promise<unknown> = Promise.resolve();
  child.unref();
  for (const pipe of pipes) pipe.unref();
  return {
    run(command, output) {
      const done = last.then(async () => {
        for (const pipe of pipes) pipe.ref();
        child.stdin.write(`${quoteCommand(command)} >${quoteWord(output)} 2>/dev/null </dev/null; echo $?\n`);
        const { value, done: hasEnded } = await lines.next();
        for (const pipe of pipes) pipe.unref();
        if (hasEnded) throw new Error("The shell has ended");
        return Number(value);
      });
      last = done;
      return done;
    },
  };
}
