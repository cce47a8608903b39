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
import type { EvaluatedProject, EvaluationRequest } from "./protocol.ts";
import { selectHost } from "./select-host.ts";

/** Evaluates every host and every VM, or the one host that is wanted with its VMs. All faults of all of them are reported together, each with where it is. */
export function evaluateAll(
  project: Project,
  request: EvaluationRequest,
  declarations: Declarations,
): EvaluatedProject {
  const faults: MicrovmError[] = [];
  const evaluateVms = (vms: VmsByName, host?: string) =>
    Object.keys(vms).flatMap((name) => {
      const where = host === undefined ? `"${name}"` : `"${name}" of the host "${host}"`;
      return collecting(faults, where, () => [evaluateGuest(name, vms[name]!, request, declarations)]) ?? [];
    });
  const names = Object.keys(project.hosts ?? {});
  const hosts = (request.host ? [selectHost(request.host, names)] : names).flatMap((name) => {
    const host = collecting(faults, `the host "${name}"`, () =>
      evaluateHost(project, name, request, declarations),
    );
    return host ? [{ name, ...host, vms: evaluateVms(host.vms, name) }] : [];
  });
  const vms = request.host
    ? undefined
    : collecting(faults, '"microvms"', () => evaluateDefinitions(project, request.file, declarations));
  const evaluated = { hosts, vms: vms ? evaluateVms(vms) : [] };
  if (faults.length > 0) throw combineFaults(faults);
  return evaluated;
}

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
