/** What is going on in a run: from the store's events to what a renderer shows. Times are milliseconds of one clock. */
import type { MissingPath } from "../../build/estimate.ts";
import type { StoreEvent } from "../../store/events.ts";
import { type Downloads, downloadsModel, type FetchedAll } from "./downloads.ts";
import { fraction, shareModel } from "./share.ts";

/** A build that is running, or that another process runs and this one waits for. */
export interface RunningBuild {
  /** Name of the store path. */
  readonly path: string;
  readonly name: string;
  readonly started: number;
  readonly isElsewhere: boolean;
  readonly note?: string | undefined;
  readonly done?: number | undefined;
  readonly total?: number | undefined;
  readonly unit?: string | undefined;
  /** Of this build, from 0 to 1; undefined while nothing is known. */
  readonly share: number | undefined;
}

/** What is going on now. */
export interface View {
  /** Undefined when none is under way. */
  readonly downloads: Downloads | undefined;
  /** In the order in which they began. */
  readonly builds: readonly RunningBuild[];
  /**
   * How much of the run is done, from 0 to 1; it never falls. Every path that was missing counts by its estimated
   * work, and one that is under way by the part that its builder says is done.
   */
  readonly share: number | undefined;
}

/** A step that has ended; `size` in bytes. */
export type Finished =
  | FetchedAll
  | { readonly what: "build"; readonly name: string; readonly size: number; readonly milliseconds: number };

/** Functions bound to one run. */
export interface ProgressModel {
  /** What the run has before it. */
  expect(missing: readonly MissingPath[]): void;
  /** Takes an event, and tells which step ended with it, if it took long enough to be worth a word. */
  take(event: StoreEvent, now: number): Finished | undefined;
  view(now: number): View;
}

/** Milliseconds: a step that takes less is over before a person has read of it. */
export const WORTH_TELLING = 100;

/** A run of which nothing is known yet. */
export function progressModel(): ProgressModel {
  const downloads = downloadsModel();
  const builds = new Map<string, RunningBuild>();
  const share = shareModel();

  return {
    expect(missing) {
      share.expect(missing);
      for (const { path, fetch } of missing) if (fetch !== undefined) downloads.expect(path, fetch);
    },
    take(event, now) {
      share.take(event);
      const finished = event.fixed ? downloads.take(event, now) : takeBuild(builds, event, now);
      return finished && finished.milliseconds >= WORTH_TELLING ? finished : undefined;
    },
    view: (now) => ({ downloads: downloads.view(now), builds: [...builds.values()], share: share.now() }),
  };
}

function takeBuild(builds: Map<string, RunningBuild>, event: StoreEvent, now: number): Finished | undefined {
  const { path, name } = event;
  const before = builds.get(path);
  switch (event.type) {
    case "start":
    case "waiting":
      builds.set(path, {
        ...{ path, name, started: now, share: undefined },
        isElsewhere: event.type === "waiting",
      });
      return undefined;
    case "progress": {
      const { note, done, total, unit } = event;
      const share = fraction(event) ?? before?.share;
      builds.set(path, {
        ...{ path, name, started: before?.started ?? now, isElsewhere: false },
        ...{ note, done, total, unit, share },
      });
      return undefined;
    }
    case "publishing":
      if (before) builds.set(path, { ...before, ...PUBLISHING, share: fraction(event) });
      return undefined;
    default:
      builds.delete(path);
      if (event.type !== "done") return undefined;
      return { what: "build", name, size: event.size, milliseconds: event.milliseconds };
  }
}

const PUBLISHING = {
  note: "writing to the disk",
  done: undefined,
  total: undefined,
  unit: undefined,
} as const;
