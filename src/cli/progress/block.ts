/** The block of lines that a terminal shows while a run goes on. Pure: a view and a size to lines. */
import type { RunningBuild, View } from "./model.ts";
import { activity, downloadParts, percentage } from "./texts.ts";

/** Wide enough for `100 %`. */
const PERCENT_WIDTH = 5;

/** Names beyond this many columns push what stands behind them. */
const MAX_NAME = 32;

/** Of a terminal, in characters. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/**
 * The lines: downloads, each running build, the whole. They leave one row and one column free, so that nothing
 * scrolls or wraps; builds that find no room are counted.
 *
 *      15 %  Fetching 23/131 packages  12.3/79.0 MiB  8.1 MiB/s  8 s left
 *      18 %  trixie-base  unpacking 40/130 packages
 *            vmlinux      decompressing
 *      34 %  of the whole
 */
export function blockLines({ downloads, builds, share }: View, { columns, rows }: TerminalSize): string[] {
  const head = downloads
    ? [
        line(
          downloads.size ? downloads.received / downloads.size : undefined,
          `Fetching ${downloadParts(downloads).join("  ")}`,
        ),
      ]
    : [];
  const body = buildLines(builds);
  if (head.length + body.length === 0) return [];
  const foot = share === undefined ? [] : [line(share, "of the whole")];
  const room = Math.max(1, rows - 1);
  const lines = [...head, ...fit(body, room - head.length - foot.length), ...foot].slice(-room);
  return lines.map((text) => cut(text, columns - 1));
}

function buildLines(builds: readonly RunningBuild[]): string[] {
  const width = Math.min(MAX_NAME, Math.max(0, ...builds.map(({ name }) => name.length)));
  return builds.map((build) =>
    line(build.share, `${build.name.padEnd(width)}  ${activity(build)}`.trimEnd()),
  );
}

function line(share: number | undefined, text: string): string {
  return `${(share === undefined ? "" : percentage(share)).padStart(PERCENT_WIDTH)}  ${text}`;
}

/** As many lines as there is room for; the last tells how many more there are. */
function fit(lines: readonly string[], room: number): readonly string[] {
  if (lines.length <= room) return lines;
  if (room <= 0) return [];
  return [...lines.slice(0, room - 1), line(undefined, `and ${lines.length - room + 1} more`)];
}

function cut(text: string, columns: number): string {
  return text.length <= columns ? text : `${text.slice(0, Math.max(0, columns - 1))}…`;
}
