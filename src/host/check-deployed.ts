/** Whether deployed VMs are what their references name now. Repositories are asked, and nothing is fetched from them. */
import { checkReference, formatReference, parseReference, withoutName } from "../config/index.ts";
import { MicrovmError, messageOf } from "../errors.ts";
import { storePathName } from "../store/recipe.ts";
import { type DeployOptions, planDeployments } from "./deployed.ts";
import { revisionOf } from "./revision.ts";

/** A deployed VM as it is installed. */
export interface DeployedVm {
  readonly name: string;
  readonly flake: string;
  /** Name of its runner. */
  readonly current: string | null;
}

/** How it stands to its reference. */
export interface ReferenceCheck {
  readonly isOutdated: boolean;
  /** What it was made from and what the reference names now: commits, or runners where there are none. */
  readonly from: string | null;
  readonly now: string | null;
  /** Why that could not be found out. */
  readonly fault: string | null;
}

/** How many repositories are asked at once. */
const AT_ONCE = 8;

/** Checks each VM; what fails for one leaves the others alone. */
export async function checkDeployed(
  vms: readonly DeployedVm[],
  stateDirectory: string,
  options: DeployOptions,
): Promise<ReadonlyMap<string, ReferenceCheck>> {
  const checks = new Map<string, ReferenceCheck>();
  const groups = [...Map.groupBy(vms, ({ flake }) => flake).entries()];
  const evaluated: DeployedVm[] = [];
  const work = async () => {
    for (let next = groups.shift(); next; next = groups.shift()) {
      const [flake, same] = next;
      try {
        const { rev } = await checkReference(withoutVm(flake), undefined, options.signal);
        for (const vm of same) {
          const from = revisionOf(stateDirectory, vm.name, vm.current ?? undefined);
          if (rev === undefined) evaluated.push(vm);
          else checks.set(vm.name, { isOutdated: rev !== from, from: from ?? null, now: rev, fault: null });
        }
      } catch (error) {
        for (const { name } of same) checks.set(name, failed(error));
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  // A project on this machine has no commit to compare: what it gives is planned, and not built.
  for (const same of Map.groupBy(evaluated, ({ flake }) => withoutVm(flake)).values()) {
    await checkByPlan(same, checks, options);
  }
  return checks;
}

async function checkByPlan(
  vms: readonly DeployedVm[],
  checks: Map<string, ReferenceCheck>,
  options: DeployOptions,
): Promise<void> {
  try {
    const wanted = vms.map(({ name, flake }) => ({ name, reference: flake }));
    const { deployments } = await planDeployments(wanted, options);
    vms.forEach(({ name, current }, index) => {
      const now = storePathName(deployments[index]!.plan.runner);
      checks.set(name, { isOutdated: now !== current, from: current, now, fault: null });
    });
  } catch (error) {
    // A fault of one VM hides the others of its project.
    if (vms.length === 1) checks.set(vms[0]!.name, failed(error));
    else for (const vm of vms) await checkByPlan([vm], checks, options);
  }
}

function withoutVm(flake: string): string {
  const reference = parseReference(flake);
  return formatReference(withoutName(reference));
}

function failed(error: unknown): ReferenceCheck {
  if (!(error instanceof MicrovmError)) throw error;
  return { isOutdated: false, from: null, now: null, fault: messageOf(error) };
}
