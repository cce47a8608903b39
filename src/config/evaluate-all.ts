/** From a loaded project to all its hosts and VMs; runs in the child. */
import { MicrovmError } from "../errors.ts";
import { combineFaults, faultsOf } from "../module-system/index.ts";
import {
  type Declarations,
  evaluateDefinitions,
  evaluateGuest,
  evaluateHost,
  type VmsByName,
} from "./evaluate-vm.ts";
import type { Project } from "./project.ts";
import type { EvaluatedProject, EvaluationRequest } from "./protocol.ts";

/** Evaluates every host and every VM. All faults of all of them are reported together, each with where it is. */
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
  const hosts = Object.keys(project.hosts ?? {}).flatMap((name) => {
    const host = collecting(faults, `the host "${name}"`, () =>
      evaluateHost(project, name, request, declarations),
    );
    return host ? [{ name, ...host, vms: evaluateVms(host.vms, name) }] : [];
  });
  const vms = collecting(faults, '"microvms"', () =>
    evaluateDefinitions(project, request.file, declarations),
  );
  const evaluated = { hosts, vms: vms ? evaluateVms(vms) : [] };
  if (faults.length > 0) throw combineFaults(faults);
  return evaluated;
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
