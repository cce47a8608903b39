/** What the evaluating child does: it answers one request, in one line on a descriptor of its own. */
import { MicrovmError, messageOf } from "../errors.ts";
import { combineFaults, faultsOf } from "../module-system/index.ts";
import { guestModule } from "../options/guest.ts";
import { hostModule } from "../options/host.ts";
import { writeSync } from "../os/files.ts";
import { explainDenied } from "./denied.ts";
import { evaluateAll, evaluateNamed } from "./evaluate-all.ts";
import { evaluateVm, traceOptionOfVm } from "./evaluate-vm.ts";
import { importModule, loadProject } from "./load-project.ts";
import {
  ANSWER_DESCRIPTOR,
  type Division,
  type EvaluationAnswer,
  type EvaluationRequest,
  type Share,
} from "./protocol.ts";

/** VMs for which a child more is worth what it takes to start: that is the evaluation of about a hundred. */
const SMALLEST_SHARE = 200;

/** Answers a request, and ends the process. The project's code runs in it: nothing else may. */
export function answerRequest(text: string): never {
  answer(evaluate(JSON.parse(text)));
  process.exit(0);
}

function evaluate(request: EvaluationRequest): EvaluationAnswer {
  try {
    const project = loadProject(request.file);
    const declarations = { hostModule, guestModule, importModule };
    const { trace, all, host, names } = request;
    if (names) return { project: evaluateNamed(project, { ...request, names }, declarations) };
    if (all || host) {
      return { project: evaluateAll(project, request, declarations, (vms) => shareOf(vms, request)) };
    }
    if (trace !== undefined) return { trace: traceOptionOfVm(project, { ...request, trace }, declarations) };
    return { vm: evaluateVm(project, request, declarations) };
  } catch (error) {
    if (!(error instanceof MicrovmError)) {
      return {
        error: {
          code: "config-threw",
          message: `Cannot evaluate "${request.file}": ${messageOf(error)}`,
          hint: undefined,
        },
      };
    }
    const { code, message, hint } = combineFaults(faultsOf(error).map(explainDenied));
    return { error: { code, message, hint } };
  }
}

/** This child's share of the VMs. The first one says into how many they are divided, so that the others start. */
function shareOf(vms: number, { share, children = 1 }: EvaluationRequest): Share {
  if (share) return share;
  const shares = Math.max(1, Math.min(children, Math.floor(vms / SMALLEST_SHARE)));
  if (shares > 1) answer({ shares });
  return { index: 0, of: shares };
}

function answer(given: EvaluationAnswer | Division): void {
  const line = Buffer.from(`${JSON.stringify(given)}\n`);
  for (let written = 0; written < line.length; ) written += writeSync(ANSWER_DESCRIPTOR, line, written);
}
