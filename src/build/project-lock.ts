/**
 * What pins the packages of a project's VMs: the lock beside its file. A fetched project cannot be written to. What
 * its own lock lacks is kept in the lock of the project that names it, or else resolved anew each time.
 */
import type { ProjectLocation } from "../config/index.ts";
import type { Lock, LockedPackageSet } from "../packages/lock.ts";
import { LOCK_FILE } from "../paths.ts";
import { readLock, writeLock } from "./lock-file.ts";

/** A lock, and where it is kept. */
export interface ProjectLock {
  readonly lock: Lock;
  /** Keeps what came of it. Gives a warning that says what it costs when that cannot be done. */
  keep(after: Lock): string | undefined;
}

/** The lock of a project; `declaredIn` is the project whose file names it. Errors: `lock-invalid`. */
export function openProjectLock(project: ProjectLocation, declaredIn?: ProjectLocation): ProjectLock {
  const own = readLock(project.directory);
  const { fetched } = project;
  if (!fetched) return { lock: own, keep: (after) => writeLock(project.directory, own, after) };
  const { reference, pin } = fetched;
  /** What was kept for this very commit. */
  const keptIn = ({ references }: Lock) => {
    const kept = entry(references, reference);
    return kept?.rev === pin.rev ? kept.packageSets : undefined;
  };
  const more = declaredIn && keptIn(readLock(declaredIn.directory));
  const lock = more === undefined ? own : { ...own, packageSets: { ...own.packageSets, ...more } };
  const keep = (after: Lock) => {
    if (after === lock) return undefined;
    if (declaredIn === undefined) return lacking(reference);
    // Others may have written to it meanwhile.
    const before = readLock(declaredIn.directory);
    const locked = { ...pin, packageSets: { ...keptIn(before), ...changedSets(lock, after) } };
    return writeLockOf(declaredIn, before, {
      ...before,
      references: { ...before.references, [reference]: locked },
    });
  };
  return { lock, keep };
}

/**
 * Writes the lock of a project when it changed. Gives a warning that says what it costs when it cannot be written: a
 * fetched one never is, also where this user could.
 */
export function writeLockOf(project: ProjectLocation, before: Lock, after: Lock): string | undefined {
  if (project.fetched === undefined) return writeLock(project.directory, before, after);
  return after === before ? undefined : lacking(project.fetched.reference);
}

function lacking(reference: string): string {
  return `The ${LOCK_FILE} of "${reference}" lacks what was resolved now, which is resolved anew each time`;
}

function changedSets(before: Lock, after: Lock): Readonly<Record<string, LockedPackageSet>> {
  const changed = Object.entries(after.packageSets).filter(
    ([key, set]) => entry(before.packageSets, key) !== set,
  );
  return Object.fromEntries(changed);
}

function entry<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
