/** From a loaded project to all its hosts and VMs; runs in the child. */
import { MicrovmError } from "../errors.ts";
import { combineFaults, faultsOf } from "../module-system/index.ts";
import {
  type Declarations,
  evaluateDefinitions,
  evaluateGuest,
  evaluateHost,
  evaluateVm,
  type VmsByName,
} from "./evaluate-vm.ts";
import type { Project } from "./project.ts";
import type { EvaluatedProject, EvaluationRequest, Share } from "./protocol.ts";
import { selectHost } from "./select-host.ts";

/**
 * Evaluates every host and every VM, or the one host that is wanted with its VMs. All faults of all of them are
 * reported together, each with where it is. `shareOf` is told how many VMs there are and says which of them are wanted.
 */
export function evaluateAll(
  project: Project,
  request: EvaluationRequest,
  declarations: Declarations,
  shareOf: (vms: number) => Share = () => WHOLE,
): EvaluatedProject {
  const faults: MicrovmError[] = [];
  const names = Object.keys(project.hosts ?? {});
  const hosts = (request.host ? [selectHost(request.host, names)] : names).flatMap((name) => {
    const evaluated = collecting(faults, `the host "${name}"`, () =>
      evaluateHost(project, name, request, declarations),
    );
    return evaluated ? [{ name, evaluated }] : [];
  });
  const definitions = request.host
    ? undefined
    : collecting(faults, '"microvms"', () => evaluateDefinitions(project, request.file, declarations));
  const groups = [...hosts.map(({ evaluated }) => evaluated.vms), definitions ?? {}];
  const total = groups.reduce((count, vms) => count + Object.keys(vms).length, 0);
  const { index, of } = shareOf(total);
  let at = 0;
  const isWanted = () => Math.floor((at++ * of) / total) === index;
  const evaluateVms = (vms: VmsByName, host?: string) =>
    Object.keys(vms)
      .filter(isWanted)
      .flatMap((name) => {
        const where = host === undefined ? `"${name}"` : `"${name}" of the host "${host}"`;
        return (
          collecting(faults, where, () => [evaluateGuest(name, vms[name]!, request, declarations)]) ?? []
        );
      });
  const evaluated = {
    hosts: hosts.map(({ name, evaluated: host }) => ({ name, ...host, vms: evaluateVms(host.vms, name) })),
    vms: evaluateVms(definitions ?? {}),
  };
  if (faults.length > 0) throw combineFaults(faults);
  return evaluated;
}

const WHOLE: Share = { index: 0, of: 1 };

/** Evaluates several VMs, by their names; all their faults are reported together. */
export function evaluateNamed(
  project: Project,
  request: EvaluationRequest & { readonly names: readonly string[] },
  declarations: Declarations,
): EvaluatedProject {
  const faults: MicrovmError[] = [];
  const vms = request.names.flatMap(
    (name) =>
      collecting(faults, `"${name}"`, () => [evaluateVm(project, { ...request, name }, declarations)]) ?? [],
  );
  if (faults.length > 0) throw combineFaults(faults);
  return { hosts: [], vms };
}

/** Evaluates, or keeps the faults of what is evaluated. */
function collecting<T>(faults: MicrovmError[], where: string, evaluate: () => T): T | undefined {
  try {
    return evaluate();
  } catch (error) {
    if (!(error instanceof MicrovmError)) throw error;
    for (const { code, message, hint, cause } of faultsOf(error)) {
      faults.push(new MicrovmError(code, `In ${where}: ${message}`, { ...(hint && { hint }), cause }));
    }
    return undefined;
  }
}
