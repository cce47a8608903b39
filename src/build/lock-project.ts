/** Locking all VMs of a project: what is missing, or what a refresh brings, and what that changes for each VM. */
import type { EvaluatedProject, ProjectLocation } from "../config/index.ts";
import { MicrovmError } from "../errors.ts";
import { nearNames } from "../packages/debian/near-names.ts";
import { packageSetKey } from "../packages/debian/package-set-key.ts";
import { hostArchitecture } from "../packages/host-tools.ts";
import type { Lock, LockedPackageSet } from "../packages/lock.ts";
import { hasChanges, type PackageChanges, packageChanges } from "../packages/lock-diff.ts";
import { networkWishes } from "../plan/wishes.ts";
import { openStore } from "../store/store.ts";
import {
  type LockedReferenceReport,
  matchingReference,
  pinReferences,
  referencesOf,
} from "./declared-references.ts";
import { readLock, writeLock } from "./lock-file.ts";
import { type LockedPart, type LockedVm, lockVms, setsOf } from "./lock-vms.ts";
import { evaluateVms } from "./project-vms.ts";

/** What is locked, and how. */
export interface LockProjectOptions {
  readonly project: ProjectLocation;
  readonly storeDirectory: string;
  /** What is refreshed: all, or the sets of a name, or a reference; undefined: nothing. */
  readonly update?: { readonly only?: string | undefined } | undefined;
  readonly allowDowngrade?: boolean;
  /** Write nothing but what is kept of archives. */
  readonly dryRun?: boolean;
  readonly onProgress?: (step: string) => void;
  readonly onWarning?: (text: string) => void;
  readonly signal?: AbortSignal;
}

/** A package set as it is locked now. */
export interface LockedSetReport {
  /** Its name in the lock. */
  readonly set: string;
  readonly status: "unchanged" | "locked" | "updated";
  readonly packages: number;
  /** Dates of its suites, as their archives wrote them. */
  readonly releases: Readonly<Record<string, string>>;
  /** VMs that have packages of it, as `NAME` or `HOST/NAME`. */
  readonly vms: readonly string[];
}

/** What changes for a VM; `isNew` when it was not locked before, so that all its packages are added. */
export interface VmChanges extends PackageChanges {
  readonly vm: string;
  /** Packages of the guest itself, or programs of the host that it is run with. */
  readonly of: "guest" | "tools";
  readonly isNew: boolean;
}

/** What locking did. */
export interface LockReport {
  readonly sets: readonly LockedSetReport[];
  readonly changes: readonly VmChanges[];
  readonly references: readonly LockedReferenceReport[];
  readonly isWritten: boolean;
}

/**
 * Locks all VMs of a project, and the references that its hosts name. Errors: those of the evaluation, of `lockVms`
 * and of `resolveReference`; `bad-usage` for a set or reference that the project does not have, and for a fetched
 * project, which is not written to; `permission-denied` when the lock cannot be written.
 */
export async function lockProject(options: LockProjectOptions): Promise<LockReport> {
  const { project, storeDirectory, update, dryRun = false } = options;
  if (project.fetched && !dryRun) throw notHere(project.fetched.reference);
  const declared = await evaluateVms(project, storeDirectory, options.onWarning);
  const vms = declared.vms.map(({ label, vm }) => ({ ...vm, name: label }));
  const host = { architecture: hostArchitecture(), storeDirectory };
  const only = update?.only;
  const references = referencesOf(declared.hosts);
  const reference = only === undefined ? undefined : matchingReference(references, only);
  const refreshed = update && reference === undefined ? matchingSets(setsOf(vms, host), only) : [];
  // Indices are kept in it.
  openStore(storeDirectory).prepare();
  const before = readLock(project.directory);
  const { onProgress, onWarning, signal, allowDowngrade } = options;
  const pinned = await pinReferences(before, references, {
    ...{ declaredIn: project, storeDirectory, dryRun, onProgress, onWarning, signal },
    forget: update !== undefined && only === undefined,
    update: (one) => update !== undefined && (only === undefined || one === reference),
  });
  const { lock, vms: locked } = await lockVms(vms, {
    lock: pinned.lock,
    host,
    also: declared.hosts.some(hasNetworks) ? [networkWishes(host)] : [],
    projectDirectory: project.directory,
    storeDirectory,
    refresh: (key) => refreshed.includes(key),
    ...(allowDowngrade !== undefined && { allowDowngrade }),
    ...(onProgress && { onProgress }),
    ...(signal && { signal }),
  });
  const fault = dryRun ? undefined : writeLock(project.directory, before, lock);
  if (fault !== undefined) throw new MicrovmError("permission-denied", fault);
  return {
    sets: reportSets(before, lock, locked),
    changes: locked.flatMap((vm) => changesOf(vm, before)),
    references: pinned.reports,
    isWritten: !dryRun && lock !== before,
  };
}

function hasNetworks({ config }: EvaluatedProject["hosts"][number]): boolean {
  const { networks } = config.microvm as { readonly networks: object };
  return Object.keys(networks).length > 0;
}

function notHere(reference: string): MicrovmError {
  return new MicrovmError("bad-usage", `Cannot write a lock into "${reference}", which is fetched`, {
    hint: "Run it in the directory where that project is worked on, or see what would change with --dry-run",
  });
}

/** The sets that a person means by a name: the whole one, its first parts (`debian/trixie`), or the suite alone. */
export function matchingSets(keys: readonly string[], wanted: string | undefined): readonly string[] {
  if (wanted === undefined) return keys;
  const matches = keys.filter((key) => shortNames(key).includes(wanted));
  if (matches.length > 0) return matches;
  const near = nearNames(wanted, new Set(keys.flatMap(shortNames)));
  const known = (near.length > 0 ? near : keys).map((one) => `"${one}"`);
  throw new MicrovmError("bad-usage", `The project has no package set "${wanted}"`, {
    hint:
      near.length > 0
        ? `Did you mean ${known.join(" or ")}?`
        : `Its sets are ${known.join(", ")}. For another project, write it in front of --update`,
  });
}

function shortNames(key: string): readonly string[] {
  const plain = key.split("#")[0]!;
  const [type, suites = "", architecture] = plain.split("/");
  const suite = suites.split("+")[0]!;
  return [key, plain, `${type}/${suites}`, `${type}/${suite}`, `${type}/${suite}/${architecture}`, suite];
}

function reportSets(before: Lock, after: Lock, vms: readonly LockedVm[]): readonly LockedSetReport[] {
  const users = new Map<string, Set<string>>();
  for (const { name, guest, tools } of vms) {
    for (const wishes of tools ? [guest, tools] : [guest]) {
      const key = packageSetKey(wishes.set);
      users.set(key, (users.get(key) ?? new Set()).add(name));
    }
  }
  return [...users].map(([key, names]) => {
    const [old, now] = [before.packageSets[key], after.packageSets[key]!];
    const releases = Object.entries(now.releases).map(([id, { date }]) => [id, date] as const);
    return {
      set: key,
      status: old === now ? "unchanged" : old === undefined ? "locked" : "updated",
      packages: Object.keys(now.packages).length,
      releases: Object.fromEntries(releases),
      vms: [...names],
    };
  });
}

function changesOf({ name, guest, tools }: LockedVm, before: Lock): readonly VmChanges[] {
  const parts = [["guest", guest] as const, ...(tools ? [["tools", tools] as const] : [])];
  return parts.flatMap(([of, part]) => {
    const key = packageSetKey(part.set);
    const set = Object.hasOwn(before.packageSets, key) ? before.packageSets[key] : undefined;
    const changes = packageChanges(set ? lockedBefore(set, part) : [], Object.values(part.packages).flat());
    return hasChanges(changes) ? [{ vm: name, of, isNew: set === undefined, ...changes }] : [];
  });
}

/**
 * What a VM had before. The lock does not know VMs: of a wish that it had not, what the set had of its packages
 * counts.
 */
function lockedBefore({ resolutions, packages }: LockedPackageSet, part: LockedPart) {
  const names = Object.entries(part.ids).flatMap(([request, id]) =>
    Object.hasOwn(resolutions, id)
      ? resolutions[id]!
      : part.packages[request]!.map(({ name }) => name).filter((name) => Object.hasOwn(packages, name)),
  );
  return names.map((name) => ({ name, version: packages[name]!.version }));
}
