/** How long what was fetched is kept beside the store paths. */

const HOUR = 3_600_000;

/** For how long, in milliseconds, after its last use. A suite that changes at all does so by then. */
const KEPT = 30 * 24 * HOUR;

/** What goes. */
export interface KeepOptions {
  /** Else all goes but what was used in the last hour, which a process may be about to read. */
  readonly keepInputs: boolean;
  readonly dryRun?: boolean;
}

/** Whether what was used last at a time, in milliseconds since 1970, goes. */
export function isOutOfUse(time: number, { keepInputs }: KeepOptions): boolean {
  return time < Date.now() - (keepInputs ? KEPT : HOUR);
}
