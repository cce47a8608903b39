/** The packages of VMs, pinned: each package set is asked once, for all that all of them wish. */
import { join } from "node:path";
import type { EvaluatedVm } from "../config/index.ts";
import type { GuestConfig } from "../options/guest.ts";
import { lockPackages, type NamedPackage, type PackageRequest } from "../packages/debian/lock-packages.ts";
import { newMirrorPool } from "../packages/debian/mirror-pool.ts";
import { asPackageSet, type DebianPackageSet } from "../packages/debian/package-set.ts";
import { packageSetKey } from "../packages/debian/package-set-key.ts";
import type { PackageSource } from "../packages/debian/package-source.ts";
import type { Lock } from "../packages/lock.ts";
import { storeNames } from "../paths.ts";
import type { LockedWishes } from "../plan/plan.ts";
import { type HostFacts, type SetWishes, wishesOf } from "../plan/wishes.ts";
import { hostPackageSet } from "./host-facts.ts";

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
  /** Whether a package set, by its key, is to be refreshed. Default: none. */
  readonly refresh?: (setKey: string) => boolean;
  /** Take states of archives that are older than the lock has seen. */
  readonly allowDowngrade?: boolean;
}

/** The pinned packages of a VM. */
export interface LockedVm {
  readonly name: string;
  readonly guest: LockedWishes;
  /** Absent when the host's own programs are used. */
  readonly tools: LockedWishes | undefined;
}

/** What is locked. */
export interface LockedVms {
  /** The given one when nothing was missing. */
  readonly lock: Lock;
  /** In the order of the VMs. */
  readonly vms: readonly LockedVm[];
  /** Where package files are, by the key of their set. */
  readonly sources: Readonly<Record<string, PackageSource>>;
}

/** Pins the packages of these VMs. Errors: those of `lockPackages` and of `wishesOf`. */
export async function lockVms(vms: readonly EvaluatedVm[], options: LockVmsOptions): Promise<LockedVms> {
  const wishes = vms.map((vm) => wishesOfVm(vm, options.host));
  const parts = wishes.flatMap(({ guest, tools }, index) => [
    { place: `${index}/guest`, wishes: guest },
    ...(tools ? [{ place: `${index}/tools`, wishes: tools }] : []),
  ]);
  const bySet = Map.groupBy(parts, ({ wishes: { set } }) => packageSetKey(set));
  const locked = new Map<string, LockedWishes>();
  const sources: Record<string, PackageSource> = {};
  const pool = newMirrorPool();
  let { lock } = options;
  for (const [key, wanted] of bySet) {
    const { set } = wanted[0]!.wishes;
    const result = await lockPackages({
      set,
      requests: wanted.flatMap(({ place, wishes: { requests } }) => placed(requests, place)),
      lock,
      pool,
      projectDirectory: options.projectDirectory,
      indicesDirectory: join(options.storeDirectory, storeNames.indices),
      refresh: options.refresh?.(key) ?? false,
      allowDowngrade: options.allowDowngrade ?? false,
      ...(options.onProgress && { onProgress: options.onProgress }),
      ...(options.signal && { download: { signal: options.signal } }),
    });
    lock = result.lock;
    sources[key] = result.source;
    for (const { place, wishes: own } of wanted) {
      locked.set(place, { set, date: result.date, packages: packagesAt(place, own, result.packages) });
    }
  }
  const of = (index: number) => ({
    guest: locked.get(`${index}/guest`)!,
    tools: locked.get(`${index}/tools`),
  });
  return { lock, sources, vms: vms.map(({ name }, index) => ({ name, ...of(index) })) };
}

/** What a VM wishes, of package sets that are checked again: they come from the evaluation of a project. */
function wishesOfVm(vm: EvaluatedVm, host: HostFacts) {
  const set: DebianPackageSet = vm.pkgs === null ? hostPackageSet() : asPackageSet(vm.pkgs);
  const wishes = wishesOf(vm.config as unknown as GuestConfig, set, host);
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

function packagesAt(
  place: string,
  { requests }: SetWishes,
  packages: Readonly<Record<string, readonly NamedPackage[]>>,
): Readonly<Record<string, readonly NamedPackage[]>> {
  return Object.fromEntries(requests.map(({ key }) => [key, packages[`${place}/${key}`]!]));
}
