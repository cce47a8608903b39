/** What the program says on its standard error, colours obeying `NO_COLOR` and the terminal. */
import { MicrovmError } from "../errors.ts";

/** Whether a stream is a terminal whose cursor can be moved and whose text can have colours. */
export function isTerminal(stream: { readonly isTTY?: boolean }, term = process.env.TERM): boolean {
  return stream.isTTY === true && term !== "dumb";
}

/** Gives a text one of the terminal's colours. */
export type Paint = (colour: "red" | "yellow" | "dim" | "bold", text: string) => string;

/** Paints where there are colours; otherwise a text stays as it is. */
export function painter(coloured: boolean): Paint {
  return (colour, text) => {
    const code = { red: 31, yellow: 33, dim: 2, bold: 1 }[colour];
    return coloured ? `\x1b[${code}m${text}\x1b[0m` : text;
  };
}

/** Paints for standard error. */
export const paint = painter(isTerminal(process.stderr) && !process.env.NO_COLOR);

/** One sentence of what and why, one of what to do. A programmer's error shows where it happened. */
export function printError(error: unknown): void {
  if (error instanceof MicrovmError) {
    process.stderr.write(`${paint("red", "error:")} ${error.message}\n`);
    if (error.hint !== undefined) process.stderr.write(`${paint("bold", "hint:")} ${error.hint}\n`);
    return;
  }
  process.stderr.write(
    `${paint("red", "internal error:")} ${error instanceof Error ? error.stack : String(error)}\n`,
  );
}

/** A remark that stops nothing. */
export function printWarning(text: string): void {
  process.stderr.write(`${warningLine(paint, text)}\n`);
}

/** The line of a remark. */
export function warningLine(paint: Paint, text: string): string {
  return `${paint("yellow", "warning:")} ${text}`;
}

/** One changing line of what goes on, on a terminal; nothing elsewhere. */
export interface StatusLine extends Disposable {
  show(text: string): void;
  clear(): void;
}

/** Milliseconds between two states of a line. */
const LINE_INTERVAL = 100;

/** A line on standard error; disposing of it clears it. */
export function statusLine(stream: NodeJS.WriteStream = process.stderr): StatusLine {
  let shown = 0;
  const clear = () => {
    if (shown > 0) stream.write("\r\x1b[K");
    shown = 0;
  };
  return {
    show(text) {
      if (!stream.isTTY || Date.now() - shown < LINE_INTERVAL) return;
      clear();
      shown = Date.now();
      stream.write(text.slice(0, (stream.columns ?? 80) - 1));
    },
    clear,
    [Symbol.dispose]: clear,
  };
}
