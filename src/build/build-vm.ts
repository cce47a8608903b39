/** From a project to a runner in the store: evaluate, lock, plan, realise. */
import { join } from "node:path";
import { type EvaluatedVm, evaluateProject, type ProjectLocation } from "../config/index.ts";
import type { GuestConfig } from "../options/guest.ts";
import { type LockPackagesResult, lockPackages } from "../packages/debian/lock-packages.ts";
import { type DebianPackageSet, packageSetKey } from "../packages/debian/package-set.ts";
import { hostArchitecture } from "../packages/host-tools.ts";
import type { Lock } from "../packages/lock.ts";
import { storeNames } from "../paths.ts";
import { type LockedWishes, type Plan, planVm } from "../plan/plan.ts";
import { type HostFacts, type SetWishes, wishesOf } from "../plan/wishes.ts";
import type { StoreEvent } from "../store/events.ts";
import { openStore } from "../store/store.ts";
import { buildersWith } from "./builders.ts";
import { estimateWork, type MissingPath } from "./estimate.ts";
import { hostPackageSet } from "./host-facts.ts";
import { readLock, writeLock } from "./lock-file.ts";

/** Told while a VM is built. */
export interface BuildReporter {
  /** A slow step begins. */
  step(text: string): void;
  warning(text: string): void;
  /** Which paths are missing, before any of them is made. */
  missing(paths: readonly MissingPath[]): void;
  event(event: StoreEvent): void;
}

/** What is built, and how it is told. */
export interface BuildOptions {
  readonly project: ProjectLocation;
  readonly storeDirectory: string;
  readonly reporter: BuildReporter;
  readonly signal?: AbortSignal;
}

/** A built VM. */
export interface BuiltVm {
  readonly vm: EvaluatedVm;
  readonly plan: Plan;
  /** Absolute path of the runner. */
  readonly runner: string;
}

/** Builds a VM of a project. Nothing is made that the store already has. */
export async function buildVm(options: BuildOptions): Promise<BuiltVm> {
  const { project, storeDirectory, reporter, signal } = options;
  const vm = await evaluateProject({ file: project.file, name: project.name, storeDir: storeDirectory });
  for (const warning of vm.warnings) reporter.warning(warning);
  const host = { architecture: hostArchitecture(), storeDirectory };
  const store = openStore(storeDirectory);
  store.prepare();
  const { plan, mirrors } = await lockAndPlan(vm, host, options);
  reporter.missing(store.planSummary(plan.runner).missing.map(estimateWork));
  const runner = await store.realise(plan.runner, {
    builders: buildersWith(mirrors),
    onEvent: (event) => reporter.event(event),
    ...(signal && { signal }),
  });
  return { vm, plan, runner };
}

async function lockAndPlan(vm: EvaluatedVm, host: HostFacts, options: BuildOptions) {
  const config = vm.config as unknown as GuestConfig;
  const set = (vm.pkgs as DebianPackageSet | null) ?? hostPackageSet();
  const wishes = wishesOf(config, set, host);
  const before = readLock(options.project.directory);
  // Sets that are the same are asked once, for everything.
  const shared = wishes.tools && packageSetKey(wishes.tools.set) === packageSetKey(set);
  const guestWishes = shared
    ? { set, requests: [...wishes.guest.requests, ...wishes.tools.requests] }
    : wishes.guest;
  const guest = await lockSet(guestWishes, before, options);
  const tools = shared || !wishes.tools ? undefined : await lockSet(wishes.tools, guest.result.lock, options);
  const warning = writeLock(options.project.directory, before, (tools ?? guest).result.lock);
  if (warning !== undefined) options.reporter.warning(warning);
  const plan = planVm({
    name: vm.name,
    config,
    guest: guest.locked,
    tools: wishes.tools && (tools ?? guest).locked,
    host,
  });
  const mirrors = Object.fromEntries(
    [guest, ...(tools ? [tools] : [])].map(({ locked, result }) => [
      packageSetKey(locked.set),
      result.mirror,
    ]),
  );
  return { plan, mirrors };
}

async function lockSet(
  { set, requests }: SetWishes,
  lock: Lock,
  { storeDirectory, reporter, signal }: BuildOptions,
): Promise<{ readonly result: LockPackagesResult; readonly locked: LockedWishes }> {
  const result = await lockPackages({
    set,
    requests,
    lock,
    indicesDirectory: join(storeDirectory, storeNames.indices),
    onProgress: (step) => reporter.step(step),
    ...(signal && { download: { signal } }),
  });
  const { release } = result.lock.packageSets[packageSetKey(set)]!;
  return {
    result,
    locked: { set, packages: result.packages, date: Math.floor(Date.parse(release.date) / 1000) },
  };
}
