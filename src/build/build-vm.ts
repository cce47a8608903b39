/** From a project to a runner in the store: evaluate, lock, plan, realise. */
import { type EvaluatedVm, evaluateProject, type ProjectLocation } from "../config/index.ts";
import type { GuestConfig } from "../options/guest.ts";
import { hostArchitecture } from "../packages/host-tools.ts";
import { type Plan, planVm } from "../plan/plan.ts";
import type { HostFacts } from "../plan/wishes.ts";
import type { StoreEvent } from "../store/events.ts";
import { openStore } from "../store/store.ts";
import type { TemporaryRoots } from "../store/temporary-roots.ts";
import { buildersWith } from "./builders.ts";
import { estimateWork, type MissingPath } from "./estimate.ts";
import { readLock, writeLock } from "./lock-file.ts";
import { lockVms } from "./lock-vms.ts";

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
  /** Keep the runner from garbage collection beyond the build, for as long as the caller holds them. */
  readonly roots?: TemporaryRoots;
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
  const { plan, sources } = await lockAndPlan(vm, host, options);
  reporter.missing(store.planSummary(plan.runner).missing.map(estimateWork));
  const runner = await store.realise(plan.runner, {
    builders: buildersWith(sources),
    onEvent: (event) => reporter.event(event),
    ...(signal && { signal }),
    ...(options.roots && { roots: options.roots }),
  });
  return { vm, plan, runner };
}

async function lockAndPlan(vm: EvaluatedVm, host: HostFacts, options: BuildOptions) {
  const { project, storeDirectory, reporter, signal } = options;
  const before = readLock(project.directory);
  const { lock, vms, sources } = await lockVms([vm], {
    lock: before,
    host,
    projectDirectory: project.directory,
    storeDirectory,
    onProgress: (step) => reporter.step(step),
    ...(signal && { signal }),
  });
  const warning = writeLock(project.directory, before, lock);
  if (warning !== undefined) reporter.warning(warning);
  const { guest, tools } = vms[0]!;
  const config = vm.config as unknown as GuestConfig;
  return {
    plan: planVm({ name: vm.name, config, guest, tools, host, projectDirectory: project.directory }),
    sources,
  };
}
