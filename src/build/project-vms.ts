/** All VMs of a project at once. */
import {
  type EvaluatedProject,
  type EvaluatedVm,
  evaluateWholeProject,
  type ProjectLocation,
} from "../config/index.ts";

/** A VM by the name that tells it from the others of its project. */
export interface VmOfProject {
  /** `NAME`; of a host's VM `HOST/NAME`, since two hosts may have VMs of one name. */
  readonly label: string;
  readonly vm: EvaluatedVm;
}

/** What a project declares. */
export interface DeclaredVms {
  readonly hosts: EvaluatedProject["hosts"];
  /** All VMs that it defines in full, those of its hosts too. */
  readonly vms: readonly VmOfProject[];
}

/** Evaluates every VM of a project, those of its hosts too. Errors: those of the evaluation. */
export async function evaluateVms(
  project: ProjectLocation,
  storeDirectory: string,
  onWarning?: (text: string) => void,
): Promise<DeclaredVms> {
  const whole = await evaluateWholeProject({ ...project, storeDir: storeDirectory });
  const own = whole.vms.map((vm) => ({ label: vm.name, vm }));
  const ofHosts = whole.hosts.flatMap((host) =>
    host.vms.map((vm) => ({ label: `${host.name}/${vm.name}`, vm })),
  );
  const vms = [...own, ...ofHosts];
  for (const { warnings } of [...whole.hosts, ...vms.map(({ vm }) => vm)]) {
    for (const warning of warnings) onWarning?.(warning);
  }
  return { hosts: whole.hosts, vms };
}
