/** Downloads of a run, all together. */
import type { StoreEvent } from "../../store/events.ts";
import { slidingRate } from "./rate.ts";

/** All downloads together. */
export interface Downloads {
  /** Files. */
  readonly done: number;
  readonly total: number;
  /** Bytes. */
  readonly received: number;
  readonly size: number;
  /** Bytes a second; undefined while it is not known. */
  readonly rate: number | undefined;
  readonly secondsLeft: number | undefined;
}

/** All downloads have ended; `size` in bytes. */
export interface FetchedAll {
  readonly what: "downloads";
  readonly count: number;
  readonly size: number;
  readonly milliseconds: number;
}

interface Download {
  size: number;
  received: number;
  isDone: boolean;
}

/** What the events of fetched files tell. Times are milliseconds of one clock. */
export function downloadsModel() {
  const files = new Map<string, Download>();
  const rate = slidingRate();
  let began: number | undefined;
  let done = 0;
  let received = 0;
  let size = 0;

  const fileAt = (path: string): Download => {
    const file = files.get(path) ?? { size: 0, received: 0, isDone: false };
    files.set(path, file);
    return file;
  };
  const resize = (file: Download, bytes: number) => {
    size += bytes - file.size;
    file.size = bytes;
  };
  const receive = (file: Download, bytes: number) => {
    received += bytes - file.received;
    file.received = bytes;
    if (bytes > file.size) resize(file, bytes);
  };

  return {
    /** A file of so many bytes is to be fetched. */
    expect: (path: string, bytes: number) => resize(fileAt(path), bytes),
    /** Takes a file's event, and tells when it was the last. */
    take(event: StoreEvent, now: number): FetchedAll | undefined {
      const file = fileAt(event.path);
      if (file.isDone) return undefined;
      if (event.type === "start") {
        began ??= now;
        rate.add(now, received);
      } else if (event.type === "progress") {
        // A file that is fetched anew after a broken connection counts from where it had been.
        receive(file, Math.max(file.received, event.done ?? 0));
        rate.add(now, received);
      } else if (event.type === "done" || event.type === "cached") {
        done += 1;
        file.isDone = true;
        if (event.type === "done") resize(file, event.size);
        receive(file, file.size);
        // What another process fetched says nothing about this line.
        if (event.type === "done") rate.add(now, received);
        if (done === files.size && began !== undefined) {
          return { what: "downloads", count: done, size, milliseconds: now - began };
        }
      }
      return undefined;
    },
    view(now: number): Downloads | undefined {
      if (began === undefined || done === files.size) return undefined;
      const perSecond = rate.perSecond(now);
      const secondsLeft = perSecond ? (size - received) / perSecond : undefined;
      return { done, total: files.size, received, size, rate: perSecond, secondsLeft };
    },
  };
}
