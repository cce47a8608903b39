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

/** How much of a path is done, if the event tells. */
export function fraction(event: StoreEvent): number | undefined {
  if (event.type === "cached" || event.type === "done") return 1;
  if (event.type !== "progress") return undefined;
  const { share, done, total } = event;
  const part = share ?? (done !== undefined && total ? done / total : undefined);
  return part === undefined ? undefined : Math.min(1, Math.max(0, part));
}
