/** What a run of the store tells while it works. */

/** How far a builder is. */
export interface Progress {
  /** What it is doing now, for a person: `unpacking`. */
  readonly note?: string;
  /** How far it is with that; absent when there is nothing to count. */
  readonly done?: number;
  /** Absent while it is not known. */
  readonly total?: number;
  /** What is counted: `bytes`, `files`, `packages`, … */
  readonly unit?: string;
  /** How much of the whole build is done, from 0 to 1, as far as the builder can tell. Default: done ÷ total. */
  readonly share?: number;
}

/** Which store path an event is about. */
interface Subject {
  /** Name of the store path. */
  readonly path: string;
  /** The recipe's. */
  readonly name: string;
  readonly kind: string;
  /** One fixed file, fetched from somewhere. */
  readonly fixed: boolean;
}

/**
 * `waiting`: another process is making this path. `publishing`: the builder is done; what it made is digested and
 * brought to the disk. A run that builds a path ends it with `done` or `failed`.
 */
export type StoreEvent = Subject &
  (
    | { readonly type: "cached" | "waiting" | "start" | "publishing" | "failed" }
    | ({ readonly type: "progress" } & Progress)
    | { readonly type: "done"; readonly size: number; readonly milliseconds: number }
  );
