/** This terminal, lent to a guest. */
import { keyFilter } from "../control/terminal.ts";

/**
 * Hands every key on as it is typed, until it is disposed of: then the terminal is as before. It is as before as well
 * when the program ends, however it ends. `leave` is called when Ctrl-] is typed three times in a row. Without a
 * terminal nothing happens.
 */
export function lendTerminal(pass: (keys: Buffer) => void, leave: () => void): Disposable {
  const { stdin } = process;
  if (!stdin.isTTY) return { [Symbol.dispose]: () => {} };
  const take = keyFilter(pass, leave);
  const restore = () => {
    stdin.off("data", take);
    process.off("exit", restore);
    // A terminal that is gone cannot be restored.
    try {
      stdin.setRawMode(false);
    } catch {}
    stdin.pause();
  };
  stdin.setRawMode(true);
  stdin.on("data", take);
  process.on("exit", restore);
  return { [Symbol.dispose]: restore };
}

/** Writes; what a slow reader has not taken yet is waited for. */
export function writeTo(stream: NodeJS.WriteStream): (chunk: Buffer) => void | Promise<void> {
  return (chunk) => {
    if (stream.write(chunk)) return;
    return new Promise((resolve) => stream.once("drain", resolve));
  };
}
