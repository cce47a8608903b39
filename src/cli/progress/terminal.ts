/** Progress on a terminal: finished steps scroll, what is running is a block of lines below them, redrawn in place. */
import { type Paint, warningLine } from "../output.ts";
import { blockLines, type TerminalSize } from "./block.ts";
import type { Clock } from "./clock.ts";
import { progressModel } from "./model.ts";
import type { ProgressReporter } from "./reporter.ts";
import { finishedText } from "./texts.ts";

/** A terminal that can be written to. One that does not tell its size is taken for {@link DEFAULT_SIZE}. */
export type Terminal = Partial<TerminalSize> & { write(text: string): unknown };

const DEFAULT_SIZE: TerminalSize = { columns: 80, rows: 24 };

/** Milliseconds between two states of the screen. */
const INTERVAL = 100;

/** Reports to a terminal. The cursor stays visible and below all text: nothing but the block is to be taken away again. */
export function terminalReporter(terminal: Terminal, clock: Clock, paint: Paint): ProgressReporter {
  const model = progressModel();
  const screen = blockScreen(terminal, paint);
  let pending: string[] = [];
  let drawn = Number.NEGATIVE_INFINITY;

  const draw = () => {
    screen.draw(pending, blockLines(model.view(clock.now()), sizeOf(terminal)));
    pending = [];
    drawn = clock.now();
  };
  const say = (line: string) => {
    pending.push(line);
    if (clock.now() - drawn >= INTERVAL) draw();
  };
  const timer = clock.every(INTERVAL, draw);

  return {
    step: say,
    warning: (text) => say(warningLine(paint, text)),
    missing: (paths) => model.expect(paths),
    event(event) {
      const finished = model.take(event, clock.now());
      if (finished) say(finishedText(finished, paint));
    },
    [Symbol.dispose]() {
      timer[Symbol.dispose]();
      screen.draw(pending, []);
      pending = [];
    },
  };
}

/** Draws a block in place of the one before. The cursor waits at the end of the block's last line. */
function blockScreen(terminal: Terminal, paint: Paint) {
  let shown: readonly string[] = [];
  return {
    /** Writes lines that stay, and below them the block. */
    draw(lines: readonly string[], block: readonly string[]): void {
      if (lines.length === 0 && isSame(block, shown)) return;
      // A terminal that became narrower has wrapped the lines that were there.
      const { columns } = sizeOf(terminal);
      const rows = shown.reduce((sum, text) => sum + Math.max(1, Math.ceil(text.length / columns)), 0);
      const up = rows > 1 ? `\x1b[${rows - 1}A` : "";
      const painted = block.map((text, index) => (index === block.length - 1 ? paint("bold", text) : text));
      // Each line is written over the old one and then cleared to its end, which flickers less than an empty screen.
      const text = [...lines, ...painted].join("\x1b[K\n");
      const end = block.length > 0 || lines.length === 0 ? "" : "\n";
      terminal.write(`\r${up}${text}\x1b[K${end}\x1b[J`);
      shown = block;
    },
  };
}

function sizeOf({ columns, rows }: Terminal): TerminalSize {
  return { columns: columns || DEFAULT_SIZE.columns, rows: rows || DEFAULT_SIZE.rows };
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((text, index) => text === other[index]);
}
