/** A terminal's screen, as far as progress uses it. */

/** What a terminal of this size would show; lines that scrolled out stay in `lines`. */
export function fakeScreen(size: { columns: number; rows: number }) {
  const lines: string[] = [""];
  let row = 0;
  let column = 0;
  const put = (mark: string) => {
    const line = lines[row]!.padEnd(column);
    lines[row] = line.slice(0, column) + mark + line.slice(column + 1);
    column += 1;
  };
  const feed = () => {
    row += 1;
    column = 0;
    lines[row] ??= "";
  };
  return {
    size,
    writes: [] as string[],
    get columns() {
      return size.columns;
    },
    get rows() {
      return size.rows;
    },
    write(text: string) {
      this.writes.push(text);
      for (const [token, up] of text.matchAll(/\x1b\[(\d+)A|\x1b\[[KJ]|[\s\S]/g)) {
        if (up !== undefined) {
          // A real cursor stops at the top of the screen.
          if (Number(up) >= size.rows) throw new Error(`The cursor leaves the screen by ${up} rows`);
          row -= Number(up);
        } else if (token === "\x1b[K") lines[row] = lines[row]!.slice(0, column);
        else if (token === "\x1b[J") {
          lines[row] = lines[row]!.slice(0, column);
          lines.length = row + 1;
        } else if (token === "\r") column = 0;
        else if (token === "\n") feed();
        else if (token === "\x1b")
          throw new Error(`An escape sequence that nobody knows: ${JSON.stringify(text)}`);
        else put(token);
        if (column > size.columns) throw new Error(`A line wraps: ${lines[row]}`);
      }
    },
    /** All lines, the cursor's last. */
    text: () => lines.join("\n"),
  };
}
