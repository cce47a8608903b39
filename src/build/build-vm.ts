/** From a project to runners in the store: evaluate, lock, plan, realise. */
import { evaluateProject } from "../config/index.ts";
import type { BuildOptions, BuiltVm } from "./build-evaluated.ts";
import { evaluateVms } from "./project-vms.ts";

/** Builds a VM of a project. Nothing is made that the store already has. */
export async function buildVm(options: BuildOptions): Promise<BuiltVm> {
  const { project, storeDirectory, reporter } = options;
  const [vm, { buildEvaluated }] = await Promise.all([
    evaluateProject({ ...project, storeDir: storeDirectory }),
    prepareRest(options),
  ]);
  for (const warning of vm.warnings) reporter.warning(warning);
  const [built] = await buildEvaluated([vm], options);
  return built!;
}

/** A built VM of a project, by the name that tells it from the others: `NAME`, or `HOST/NAME`. */
export interface LabelledVm extends BuiltVm {
  readonly label: string;
}

/** Builds all VMs of a project together, those of its hosts too: what they share is made once. */
export async function buildAllVms(options: BuildOptions): Promise<readonly LabelledVm[]> {
  const { project, storeDirectory, reporter } = options;
  const [{ vms }, { buildEvaluated }] = await Promise.all([
    evaluateVms(project, storeDirectory, (text) => reporter.warning(text)),
    prepareRest(options),
  ]);
  const built = await buildEvaluated(
    vms.map(({ vm }) => vm),
    options,
  );
  return built.map((one, index) => ({ label: vms[index]!.label, ...one }));
}

/** Loads all that comes after the evaluation, which is at work in its child meanwhile. */
function prepareRest({ roots }: BuildOptions): Promise<typeof import("./build-evaluated.ts")> {
  roots?.begin();
  return import("./build-evaluated.ts");
}
