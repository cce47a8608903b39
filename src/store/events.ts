/** What a run of the store tells while it works. */

/** How far a builder is. */
export interface Progress {
  readonly done: number;
  /** Absent while it is not known. */
  readonly total?: number;
  /** What is counted: `bytes`, `files`, `packages`, … */
  readonly unit: string;
  /** What it is doing now, for a person. */
  readonly note?: string;
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

/** `waiting`: another process is making this path. A run that builds a path ends it with `done` or `failed`. */
export type StoreEvent = Subject &
  (
    | { readonly type: "cached" | "waiting" | "start" | "failed" }
    | ({ readonly type: "progress" } & Progress)
    | { readonly type: "done"; readonly size: number; readonly milliseconds: number }
  );
