/** VMs that are defined in projects of their own: found, evaluated and planned, those of one project together. */
import { type BuildReporter, type PlannedVms, planVms } from "../build/build-evaluated.ts";
import {
  type EvaluatedVm,
  evaluateProjectVms,
  type ProjectLocation,
  type ResolveOptions,
  resolveReference,
} from "../config/index.ts";
import type { Plan } from "../plan/plan.ts";
import type { TemporaryRoots } from "../store/temporary-roots.ts";

/** A VM and where it is defined. */
export interface WantedVm {
  readonly name: string;
  readonly reference: string;
}

/** VMs of one project. */
export interface DeployedVms<W extends WantedVm> {
  readonly project: ProjectLocation;
  readonly vms: readonly (W & { readonly vm: EvaluatedVm })[];
}

/** Evaluates VMs by their references, which `resolve` follows. Errors: its own, and those of the evaluation. */
export async function evaluateDeployed<W extends WantedVm>(
  wanted: readonly W[],
  storeDirectory: string,
  resolve: (reference: string) => Promise<ProjectLocation>,
): Promise<readonly DeployedVms<W>[]> {
  const located = await Promise.all(
    wanted.map(async (one) => {
      const found = await resolve(one.reference);
      return { one, found, definition: found.name ?? one.name };
    }),
  );
  const projects = [...Map.groupBy(located, ({ found }) => found.file).values()];
  return Promise.all(
    projects.map(async (same) => {
      const { found } = same[0]!;
      const definitions = [...new Set(same.map(({ definition }) => definition))];
      const vms = await evaluateProjectVms({ ...found, storeDir: storeDirectory }, definitions);
      const byName = new Map(vms.map((vm) => [vm.name, vm]));
      return {
        project: found,
        vms: same.map(({ one, definition }) => ({ ...one, vm: byName.get(definition)! })),
      };
    }),
  );
}

/** How VMs are planned by what their references name now. */
export interface DeployOptions {
  readonly storeDirectory: string;
  readonly reporter: BuildReporter;
  readonly roots: TemporaryRoots;
  readonly signal?: AbortSignal;
}

/** A VM that is planned, and not built. */
export interface PlannedDeployment extends WantedVm {
  readonly plan: Plan;
  /** The commit that it is defined in; undefined for a project that lies on this machine. */
  readonly rev: string | undefined;
}

/** What references name now, whatever any lock pins: planned VMs in the order of the wanted ones. */
export async function planDeployments(
  wanted: readonly WantedVm[],
  { storeDirectory, reporter, roots, signal }: DeployOptions,
): Promise<{ readonly deployments: readonly PlannedDeployment[]; readonly planned: readonly PlannedVms[] }> {
  const how: ResolveOptions = {
    ...{ storeDirectory, roots, signal },
    onProgress: (step) => reporter.step(step),
    onWarning: (text) => reporter.warning(text),
  };
  const once = new Map<string, Promise<ProjectLocation>>();
  const resolve = (reference: string) => {
    const known = once.get(reference) ?? resolveReference(reference, how);
    once.set(reference, known);
    return known;
  };
  const planned: PlannedVms[] = [];
  const deployments = new Map<string, PlannedDeployment>();
  for (const { project, vms } of await evaluateDeployed(wanted, storeDirectory, resolve)) {
    for (const warning of vms.flatMap(({ vm }) => vm.warnings)) reporter.warning(warning);
    const guests = vms.map(({ vm }) => vm);
    const some = await planVms(guests, {
      ...{ project, storeDirectory, reporter, roots },
      ...(signal && { signal }),
    });
    planned.push(some);
    vms.forEach(({ name, reference }, index) => {
      const rev = project.fetched?.pin.rev;
      deployments.set(name, { name, reference, plan: some.plans[index]!, rev });
    });
  }
  return { deployments: wanted.map(({ name }) => deployments.get(name)!), planned };
}
