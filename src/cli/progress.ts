/** Progress of a build on standard error: one changing line on a terminal, plain lines in a log. */
import type { BuildReporter } from "../build/build-vm.ts";
import type { StoreEvent } from "../store/events.ts";
import { paint, printWarning } from "./output.ts";

/** A reporter that must be ended, so that its line is cleared. */
export interface ProgressReporter extends BuildReporter, Disposable {}

/** Milliseconds between two states of the line, and between two lines of a log. */
const LINE_INTERVAL = 100;
const LOG_INTERVAL = 2000;

const MEBI = 1024 * 1024;

/** Reports to standard error. */
export function progressReporter(stream: NodeJS.WriteStream = process.stderr): ProgressReporter {
  const live = stream.isTTY === true;
  const downloads = { count: 0, total: 0, size: 0, done: 0, ended: 0, bytes: new Map<string, number>() };
  const running = new Map<string, string>();
  let shown = 0;
  let line = "";

  const clear = () => {
    if (line !== "") stream.write("\r\x1b[K");
    line = "";
  };
  const say = (text: string) => {
    clear();
    stream.write(`${text}\n`);
  };
  const state = () => {
    const parts = [...running.values()];
    if (downloads.ended < downloads.total) {
      const bytes = downloads.done + [...downloads.bytes.values()].reduce((sum, one) => sum + one, 0);
      parts.unshift(
        `fetching ${downloads.ended}/${downloads.total} packages, ${mebibytes(bytes)}/${mebibytes(downloads.size)} MiB`,
      );
    }
    return parts.join(" · ");
  };
  const refresh = (now: boolean) => {
    const time = Date.now();
    if (!now && time - shown < (live ? LINE_INTERVAL : LOG_INTERVAL)) return;
    shown = time;
    const text = state();
    if (text === "") return;
    if (!live) say(text);
    else {
      clear();
      line = text.slice(0, (stream.columns ?? 80) - 1);
      stream.write(line);
    }
  };

  return {
    step: say,
    warning(text) {
      clear();
      printWarning(text);
    },
    missing(fetches, builds) {
      downloads.total = fetches.length;
      downloads.size = fetches.reduce((sum, { size }) => sum + size, 0);
      if (fetches.length > 0) say(`Fetching ${fetches.length} packages, ${mebibytes(downloads.size)} MiB`);
      if (builds > 0) say(`Building ${builds} store paths`);
      shown = Date.now();
    },
    event(event) {
      if (event.fixed) countDownload(event, downloads);
      else trackBuild(event, running, say);
      refresh(false);
    },
    [Symbol.dispose]: clear,
  };
}

function countDownload(
  event: StoreEvent,
  downloads: { done: number; ended: number; bytes: Map<string, number> },
): void {
  if (event.type === "progress") downloads.bytes.set(event.path, event.done);
  if (event.type !== "done") return;
  downloads.bytes.delete(event.path);
  downloads.done += event.size;
  downloads.ended++;
}

function trackBuild(event: StoreEvent, running: Map<string, string>, say: (text: string) => void): void {
  switch (event.type) {
    case "start":
      running.set(event.path, event.name);
      break;
    case "waiting":
      running.set(event.path, `${event.name} (made by another process)`);
      break;
    case "progress": {
      const of = event.total === undefined ? "" : `/${event.total}`;
      running.set(event.path, `${event.name}: ${event.note ?? ""} ${event.done}${of} ${event.unit}`);
      break;
    }
    case "done":
      running.delete(event.path);
      // What takes no time is not worth a line.
      if (event.milliseconds >= 100) {
        say(
          `Built ${event.name} ${paint("dim", `(${(event.milliseconds / 1000).toFixed(1)} s, ${mebibytes(event.size)} MiB)`)}`,
        );
      }
      break;
    default:
      running.delete(event.path);
  }
}

const mebibytes = (bytes: number) => (bytes / MEBI).toFixed(bytes < 10 * MEBI ? 1 : 0);
