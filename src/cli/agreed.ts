import { createInterface } from "node:readline/promises";

/** Asks on a terminal, where only yes is yes; elsewhere nobody can be asked, and the command itself is the answer. */
export async function agreed(question: string, signal: AbortSignal): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return true;
  using terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`${question} [y/N] `, { signal });
  return /^y(es)?$/i.test(answer.trim());
}
