/** How much of a whole run is done. */
import type { MissingPath } from "../../build/estimate.ts";
import type { StoreEvent } from "../../store/events.ts";

/** The part of all work that is done, from 0 to 1; see `View.share`. Undefined when there is none to do. */
export function shareModel() {
  const work = new Map<string, { readonly all: number; part: number }>();
  let highest = 0;
  const sum = (of: (one: { readonly all: number; readonly part: number }) => number) =>
    [...work.values()].reduce((before, one) => before + of(one), 0);
  return {
    expect(missing: readonly MissingPath[]): void {
      for (const { path, work: all } of missing) work.set(path, { all, part: 0 });
    },
    take(event: StoreEvent): void {
      const known = work.get(event.path);
      if (known) known.part = Math.max(known.part, fraction(event) ?? 0);
    },
    now(): number | undefined {
      const total = sum(({ all }) => all);
      if (total === 0) return undefined;
      highest = Math.max(highest, sum(({ all, part }) => all * part) / total);
      return highest;
    },
  };
}

/** How much of a path's way into the store is behind it when its builder is done: the rest is to check and to sync. */
const BUILDING = 0.95;

/** How much of a path is done, if the event tells; 1 only when it is in the store. */
export function fraction(event: StoreEvent): number | undefined {
  switch (event.type) {
    case "cached":
    case "done":
      return 1;
    case "publishing":
      return BUILDING;
    case "progress": {
      const { share, done, total } = event;
      const part = share ?? (done !== undefined && total ? done / total : undefined);
      // Nothing of nothing is no share.
      return part === undefined || Number.isNaN(part) ? undefined : BUILDING * Math.min(1, Math.max(0, part));
    }
    default:
      return undefined;
  }
}
