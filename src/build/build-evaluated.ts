/** From evaluated VMs to their runners in the store: lock, plan, realise. */
import type { EvaluatedVm, ProjectLocation } from "../config/index.ts";
import type { GuestConfig } from "../options/guest.ts";
import type { PackageSource } from "../packages/debian/package-source.ts";
import { startUnpackThreads } from "../packages/debian/unpack-pool.ts";
import { hostArchitecture } from "../packages/host-tools.ts";
import { type LockedWishes, type Plan, planVm } from "../plan/plan.ts";
import type { SetWishes } from "../plan/wishes.ts";
import type { StoreEvent } from "../store/events.ts";
import type { Recipe } from "../store/recipe.ts";
import { openStore } from "../store/store.ts";
import type { TemporaryRoots } from "../store/temporary-roots.ts";
import { bootFiles } from "./boot-files.ts";
import { buildersWith } from "./builders.ts";
import { estimateWork, type MissingPath } from "./estimate.ts";
import { type GuestImage, openImages } from "./guest-source.ts";
import { lockVms } from "./lock-vms.ts";
import { openProjectLock } from "./project-lock.ts";

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
  /** Of a fetched project: the one whose file names it, whose lock keeps what its own lacks. */
  readonly declaredIn?: ProjectLocation;
  readonly storeDirectory: string;
  readonly reporter: BuildReporter;
  readonly signal?: AbortSignal;
  /** More that is locked with the VMs, such as the programs of a host's networks. */
  readonly also?: readonly SetWishes[];
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
  const planned = await planVms(vms, options);
  const recipes = planned.plans.map((plan) => plan.runner);
  const runners = await realiseRecipes(recipes, [planned], options);
  return vms.map((vm, index) => ({ vm, plan: planned.plans[index]!, runner: runners[index]! }));
}

/** Planned VMs of one project, and where what they are made of comes from. */
export interface PlannedVms {
  /** In the order of the VMs. */
  readonly plans: readonly Plan[];
  /** What the further wishes were locked to, in their order. */
  readonly also: readonly LockedWishes[];
  readonly sources: Readonly<Record<string, PackageSource>>;
  readonly images: readonly GuestImage[];
}

/** Locks and plans VMs of one project. Nothing is built. Errors: as `buildVm`. */
export async function planVms(vms: readonly EvaluatedVm[], options: BuildOptions): Promise<PlannedVms> {
  const { project, declaredIn, storeDirectory, reporter, signal } = options;
  const host = { architecture: hostArchitecture(), storeDirectory };
  openStore(storeDirectory).prepare();
  const images = await openImages(vms, project.directory);
  const kept = openProjectLock(project, declaredIn);
  const {
    lock,
    vms: locked,
    also,
    sources,
  } = await lockVms(vms, {
    also: options.also ?? [],
    lock: kept.lock,
    host,
    projectDirectory: project.directory,
    storeDirectory,
    onProgress(step) {
      // What the archive is asked for is unpacked soon. Until then one processor has nothing to do.
      startUnpackThreads();
      reporter.step(step);
    },
    ...(signal && { signal }),
  });
  const warning = kept.keep(lock);
  if (warning !== undefined) reporter.warning(warning);
  const plans = vms.map(({ name, config }, index) => {
    const { guest, tools } = locked[index]!;
    const guestConfig = config as unknown as GuestConfig;
    return planVm({
      name,
      config: guestConfig,
      bootFiles: bootFiles(guestConfig, project.directory),
      guest,
      tools,
      host,
      image: images[index],
      projectDirectory: project.directory,
    });
  });
  return { plans, also, sources, images: images.filter((image) => image !== undefined) };
}

/** What realising is told. */
type RealiseSetting = Pick<BuildOptions, "storeDirectory" | "reporter" | "signal" | "roots">;

/** Makes recipes that consist of planned VMs, all together; absolute paths in their order. Errors: as `buildVm`. */
export async function realiseRecipes(
  recipes: readonly Recipe[],
  planned: readonly PlannedVms[],
  { storeDirectory, reporter, signal, roots }: RealiseSetting,
): Promise<readonly string[]> {
  const store = openStore(storeDirectory);
  store.prepare();
  reporter.missing(store.planSummary(...recipes).missing.map(estimateWork));
  const sources = Object.assign({}, ...planned.map((one) => one.sources));
  return store.realiseAll(recipes, {
    builders: buildersWith(
      sources,
      planned.flatMap(({ images }) => images),
    ),
    onEvent: (event) => reporter.event(event),
    ...(signal && { signal }),
    ...(roots && { roots }),
  });
}
