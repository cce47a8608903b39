/** From evaluated VMs to their runners in the store: lock, plan, realise. */
import type { EvaluatedVm, ProjectLocation } from "../config/index.ts";
import type { GuestConfig } from "../options/guest.ts";
import { hostArchitecture } from "../packages/host-tools.ts";
import { type Plan, planVm } from "../plan/plan.ts";
import type { HostFacts } from "../plan/wishes.ts";
import type { StoreEvent } from "../store/events.ts";
import { openStore } from "../store/store.ts";
import type { TemporaryRoots } from "../store/temporary-roots.ts";
import { buildersWith } from "./builders.ts";
import { estimateWork, type MissingPath } from "./estimate.ts";
import { openImages } from "./guest-source.ts";
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

/** Builds the runners of these VMs of a project together, in their order. */
export async function buildEvaluated(
  vms: readonly EvaluatedVm[],
  options: BuildOptions,
): Promise<readonly BuiltVm[]> {
  const { storeDirectory, reporter, signal, roots } = options;
  const host = { architecture: hostArchitecture(), storeDirectory };
  const store = openStore(storeDirectory);
  store.prepare();
  const { plans, sources, images } = await lockAndPlan(vms, host, options);
  const recipes = plans.map((plan) => plan.runner);
  reporter.missing(store.planSummary(...recipes).missing.map(estimateWork));
  const runners = await store.realiseAll(recipes, {
    builders: buildersWith(sources, images),
    onEvent: (event) => reporter.event(event),
    ...(signal && { signal }),
    ...(roots && { roots }),
  });
  return vms.map((vm, index) => ({ vm, plan: plans[index]!, runner: runners[index]! }));
}

async function lockAndPlan(vms: readonly EvaluatedVm[], host: HostFacts, options: BuildOptions) {
  const { project, storeDirectory, reporter, signal } = options;
  const images = await openImages(vms, project.directory);
  const before = readLock(project.directory);
  const {
    lock,
    vms: locked,
    sources,
  } = await lockVms(vms, {
    lock: before,
    host,
    projectDirectory: project.directory,
    storeDirectory,
    onProgress: (step) => reporter.step(step),
    ...(signal && { signal }),
  });
  const warning = writeLock(project.directory, before, lock);
  if (warning !== undefined) reporter.warning(warning);
  const plans = vms.map(({ name, config }, index) => {
    const { guest, tools } = locked[index]!;
    return planVm({
      name,
      config: config as unknown as GuestConfig,
      guest,
      tools,
      host,
      image: images[index],
      projectDirectory: project.directory,
    });
  });
  return { plans, sources, images: images.filter((image) => image !== undefined) };
}
