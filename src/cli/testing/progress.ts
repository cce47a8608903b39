/** Events of a small run, as the store tells them. */
import type { MissingPath } from "../../build/estimate.ts";
import type { StoreEvent } from "../../store/events.ts";

/** Part of an event that says what happened. */
type What = StoreEvent extends infer E
  ? E extends StoreEvent
    ? Omit<E, "path" | "name" | "kind" | "fixed">
    : never
  : never;

export const MEBI = 1024 * 1024;

/** An event of a package file. */
export function fetchEvent(name: string, what: What): StoreEvent {
  return { path: `hash-${name}`, name, kind: "deb", fixed: true, ...what } as StoreEvent;
}

/** An event of a build. */
export function buildEvent(name: string, what: What): StoreEvent {
  return { path: `hash-${name}`, name, kind: "debian-layer", fixed: false, ...what } as StoreEvent;
}

/** Two package files of 10 MiB and a layer; half of the work each, so that shares are easy to see. */
export const MISSING: readonly MissingPath[] = [
  { path: "hash-a.deb", name: "a.deb", fetch: 10 * MEBI, work: 500 },
  { path: "hash-b.deb", name: "b.deb", fetch: 10 * MEBI, work: 500 },
  { path: "hash-layer", name: "layer", fetch: undefined, work: 1000 },
];
