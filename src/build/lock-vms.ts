/** The packages of VMs, pinned: each package set is asked once, for all that all of them wish. */
import { join } from "node:path";
import type { EvaluatedVm } from "../config/index.ts";
import type { GuestConfig } from "../options/guest.ts";
import {
  type LockPackagesResult,
  lockPackages,
  type PackageRequest,
} from "../packages/debian/lock-packages.ts";
import { type MirrorPool, newMirrorPool } from "../packages/debian/mirror-pool.ts";
import { asPackageSet, type DebianPackageSet } from "../packages/debian/package-set.ts";
import { packageSetKey } from "../packages/debian/package-set-key.ts";
import type { PackageSource } from "../packages/debian/package-source.ts";
import type { Lock } from "../packages/lock.ts";
import { storeNames } from "../paths.ts";
import type { LockedWishes } from "../plan/plan.ts";
import { type HostFacts, type SetWishes, wishesOf } from "../plan/wishes.ts";
import { packagesOf } from "./guest-source.ts";

/** What VMs are locked with. */
export interface LockVmsOptions {
  /** The lock so far. */
  readonly lock: Lock;
  readonly host: HostFacts;
  readonly projectDirectory: string;
  readonly storeDirectory: string;
  /** Told of each slow step. */
  readonly onProgress?: (step: string) => void;
  readonly signal?: AbortSignal;
  /** What is wished beside the VMs: for the host's networks. */
  readonly also?: readonly SetWishes[];
  /** Whether a package set, by its key, is to be refreshed. Default: none. */
  readonly refresh?: (setKey: string) => boolean;
  /** Take states of archives that are older than the lock has seen. */
  readonly allowDowngrade?: boolean;
}

/** Wishes of one package set, pinned, with what the lock calls their resolutions. */
export interface LockedPart extends LockedWishes {
  /** By the request's key. */
  readonly ids: Readonly<Record<string, string>>;
}

/** The pinned packages of a VM. */
export interface LockedVm {
  readonly name: string;
  readonly guest: LockedPart;
  /** Absent when the host's own programs are used. */
  readonly tools: LockedPart | undefined;
}

/** What is locked. */
export interface LockedVms {
  /** The given one when nothing was missing. */
  readonly lock: Lock;
  /** In the order of the VMs. */
  readonly vms: readonly LockedVm[];
  /** In the order of `also`. */
  readonly also: readonly LockedPart[];
  /** Where package files are, by the key of their set. */
  readonly sources: Readonly<Record<string, PackageSource>>;
}

/** Pins the packages of these VMs. Errors: those of `lockPackages` and of `wishesOf`. */
export async function lockVms(vms: readonly EvaluatedVm[], options: LockVmsOptions): Promise<LockedVms> {
  const locked = new Map<string, LockedPart>();
  const sources: Record<string, PackageSource> = {};
  const pool = newMirrorPool();
  let { lock } = options;
  const also = (options.also ?? []).map((wishes, index) => ({ place: `also/${index}`, wishes }));
  for (const [key, parts] of bySet([...partsOf(vms, options.host), ...also])) {
    const requests = parts.flatMap((part) => placed(part.wishes.requests, part.place));
    const { set } = parts[0]!.wishes;
    const result = await lockSet(key, set, requests, lock, pool, options);
    lock = result.lock;
    sources[key] = result.source;
    for (const { place, wishes } of parts) locked.set(place, partOf(place, wishes, result));
  }
  const at = (index: number) => ({
    guest: locked.get(`${index}/guest`)!,
    tools: locked.get(`${index}/tools`),
  });
  return {
    lock,
    sources,
    vms: vms.map(({ name }, index) => ({ name, ...at(index) })),
    also: also.map(({ place }) => locked.get(place)!),
  };
}

/** The package sets of these VMs and of the tools that they are run with, by what the lock calls them. */
export function setsOf(vms: readonly EvaluatedVm[], host: HostFacts): readonly string[] {
  return [...bySet(partsOf(vms, host)).keys()];
}

function lockSet(
  key: string,
  set: DebianPackageSet,
  requests: readonly PackageRequest[],
  lock: Lock,
  pool: MirrorPool,
  { projectDirectory, storeDirectory, refresh, allowDowngrade = false, onProgress, signal }: LockVmsOptions,
): Promise<LockPackagesResult> {
  return lockPackages({
    set,
    requests,
    lock,
    pool,
    projectDirectory,
    indicesDirectory: join(storeDirectory, storeNames.indices),
    refresh: refresh?.(key) ?? false,
    allowDowngrade,
    ...(onProgress && { onProgress }),
    ...(signal && { download: { signal } }),
  });
}

/** What one VM wishes of one set; `place` tells it from the others. */
interface Part {
  readonly place: string;
  readonly wishes: SetWishes;
}

function partsOf(vms: readonly EvaluatedVm[], host: HostFacts): readonly Part[] {
  return vms.flatMap((vm, index): Part[] => {
    const { guest, tools } = wishesOfVm(vm, host);
    return [
      { place: `${index}/guest`, wishes: guest },
      ...(tools ? [{ place: `${index}/tools`, wishes: tools }] : []),
    ];
  });
}

function bySet(parts: readonly Part[]): ReadonlyMap<string, readonly Part[]> {
  return Map.groupBy(parts, ({ wishes: { set } }) => packageSetKey(set));
}

/** What a VM wishes, of package sets that are checked again: they come from the evaluation of a project. */
function wishesOfVm(vm: EvaluatedVm, host: HostFacts) {
  const { set, isImage } = packagesOf(vm);
  const wishes = wishesOf(vm.config as unknown as GuestConfig, set, host, isImage);
  return { ...wishes, tools: wishes.tools && { ...wishes.tools, set: asPackageSet(wishes.tools.set) } };
}

/** Requests with the VM's place in front of their keys, so that those of several VMs can stand beside each other. */
function placed(requests: readonly PackageRequest[], place: string): readonly PackageRequest[] {
  return requests.map(({ key, on, ...request }) => ({
    ...request,
    key: `${place}/${key}`,
    ...(on !== undefined && { on: `${place}/${on}` }),
  }));
}

function partOf(place: string, { set, requests }: SetWishes, result: LockPackagesResult): LockedPart {
  const own = <T>(all: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(requests.map(({ key }) => [key, all[`${place}/${key}`]!]));
  return { set, date: result.date, packages: own(result.packages), ids: own(result.ids) };
}
