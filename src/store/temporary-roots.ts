/**
 * Temporary roots: store paths that a process works with, kept from garbage collection while it lives, whether
 * they are there yet or not.
 *
 * A process writes the names into `.temproots/<unique>`, a file that it keeps locked. It does so before it looks
 * which of them are there, and while it shares the collection lock; a collector has that lock alone while it
 * decides. So a collector either sees the names, or the process sees that what was collected is gone.
 */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { systemCode } from "../errors.ts";
import { appendFileSync, lstatSync, mkdirSync, readdirSync, readTextIfExists, rmSync } from "../os/files.ts";
import { holdLocks, type LockHolder } from "../os/lock-holder.ts";
import { type Lock, lockFile } from "../os/locks.ts";
import { storeNames } from "../paths.ts";

/** The temporary roots of one piece of work; disposing of it ends the protection. */
export interface TemporaryRoots extends AsyncDisposable {
  /**
   * Keeps these names from now on. Waits for a collector that is deciding now. A store that this user may not
   * write to is not written to: then they are not kept, and its owner's collector may take them.
   */
  add(names: readonly string[], signal?: AbortSignal): Promise<void>;
  /** The file that is locked while this work lives. */
  file(): Promise<string>;
  /** Begins what takes a process to start, so that `add` is sooner done. Need not be called. */
  begin(): void;
}

/** Lock file, in the store's directory of locks: shared by who adds roots, alone for who collects. */
const COLLECTION = "collection";

/** What writing to a store fails with that is not there, or somebody else's. */
const NOT_OURS = new Set(["ENOENT", "ENOTDIR", "EACCES", "EPERM", "EROFS"]);

/** Nothing is written before `begin` or the first name. */
export function openTemporaryRoots(storeDirectory: string): TemporaryRoots {
  let held: Promise<Held> | undefined;
  const begin = () => {
    held ??= hold(storeDirectory);
    // The store may be made after `begin`: who adds names tries again, and is told.
    held.catch(() => {
      held = undefined;
    });
    return held;
  };
  return {
    begin: () => void begin(),
    async add(names, signal) {
      try {
        const { file, holder } = await begin().catch(begin);
        await holder.whileShared(
          () => appendFileSync(file, names.map((name) => `${name}\n`).join("")),
          signal,
        );
      } catch (error) {
        if (!NOT_OURS.has(systemCode(error) ?? "")) throw error;
      }
    },
    file: async () => (await begin()).file,
    async [Symbol.asyncDispose]() {
      const ours = await held?.catch(() => undefined);
      if (!ours) return;
      rmSync(ours.file, { force: true });
      await ours.holder[Symbol.asyncDispose]();
    },
  };
}

/** A file of names, and who keeps it locked. */
interface Held {
  readonly file: string;
  readonly holder: LockHolder;
}

async function hold(storeDirectory: string): Promise<Held> {
  // A store of an earlier version has no place for them.
  for (const name of [storeNames.temporaryRoots, storeNames.locks]) makeIfAbsent(join(storeDirectory, name));
  const name = `${process.pid}-${randomBytes(6).toString("hex")}`;
  const file = join(storeDirectory, storeNames.temporaryRoots, name);
  return { file, holder: await holdLocks(file, collectionLock(storeDirectory)) };
}

function makeIfAbsent(directory: string): void {
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
  }
}

/** Takes the lock that keeps deciding what is garbage apart from beginning to use it. */
export function lockCollection(
  storeDirectory: string,
  options: { readonly signal?: AbortSignal } = {},
): Promise<Lock> {
  return lockFile(collectionLock(storeDirectory), options);
}

function collectionLock(storeDirectory: string): string {
  return join(storeDirectory, storeNames.locks, COLLECTION);
}

/** For how long, in milliseconds, an empty file may wait to be locked by who made it. */
const BIRTH = 60_000;

/** Names are added by who has locked the file: an empty one may not be locked yet. */
function isBeingBorn(file: string): boolean {
  const stats = lstatSync(file, { throwIfNoEntry: false });
  return stats?.size === 0 && Date.now() - stats.ctimeMs < BIRTH;
}

/** The names that living processes keep. Forgets those of the dead; the caller has the collection lock alone. */
export async function readTemporaryRoots(storeDirectory: string): Promise<string[]> {
  const parent = join(storeDirectory, storeNames.temporaryRoots);
  const names: string[] = [];
  for (const entry of readdirSync(parent)) {
    const file = join(parent, entry);
    const lock = await lockFile(file, { wait: false });
    // Its owner may have ended, and removed it, since it was found to be locked.
    if (!lock) names.push(...(readTextIfExists(file) ?? "").split("\n").filter(Boolean));
    else {
      if (!isBeingBorn(file)) rmSync(file, { force: true });
      await lock.release();
    }
  }
  return names;
}
