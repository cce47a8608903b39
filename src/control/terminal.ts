/** Terminals: this one, and those of commands in a guest. */

import { printable } from "../os/printable.ts";
import { quoteCommand } from "../os/processes.ts";

/** Ctrl-], as telnet has it; three in a row leave the console. */
const ESCAPE_KEY = 0x1d;
const ESCAPES = 3;

/**
 * Watches keys on their way to the console. Calls `leave` when the escape key comes three times in a row; every
 * other key, and escapes that were followed by one, are passed on.
 */
export function keyFilter(pass: (keys: Buffer) => void, leave: () => void): (keys: Buffer) => void {
  let escapes = 0;
  return (keys) => {
    const passed: number[] = [];
    for (const key of keys) {
      if (key === ESCAPE_KEY) {
        escapes++;
        if (escapes === ESCAPES) {
          leave();
          return;
        }
        continue;
      }
      for (; escapes > 0; escapes--) passed.push(ESCAPE_KEY);
      passed.push(key);
    }
    if (passed.length > 0) pass(Buffer.from(passed));
  };
}

/** The last lines of a console's output, without what only a terminal can show. */
export function consoleLines(output: string, count: number): string {
  return printable(output)
    .split("\n")
    .map((line) => line.trimEnd())
    .filter((line) => line !== "")
    .slice(-count)
    .join("\n");
}

/** Rows and columns of a terminal. */
export interface TerminalSize {
  readonly rows: number;
  readonly columns: number;
}

/** A command for the shell of a guest's new terminal, which has no size and no echo of its own. */
export function terminalCommand(command: readonly string[], { rows, columns }: TerminalSize): string {
  const settings = `stty sane rows ${rows} cols ${columns}`;
  return `${settings}; SHELL=$MICROVM_SHELL; unset MICROVM_SHELL; export SHELL; exec ${quoteCommand(command)}`;
}
