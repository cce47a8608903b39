/** Evaluates projects. Their files are code that is not trusted, so that happens in a restricted child. */
import { dirname } from "node:path";
import { availableParallelism } from "../os/workers.ts";
import {
  type AnswerChecks,
  CHECKED_BEFORE,
  joinShares,
  malformed,
  parseAnswer,
  parseProject,
} from "./answer.ts";
import { askChildren } from "./evaluating-child.ts";
import { cachedEvaluation } from "./evaluation-cache.ts";
import type {
  EvaluatedHost,
  EvaluatedProject,
  EvaluatedVm,
  EvaluationRequest,
  TracedOption,
} from "./protocol.ts";
import { formatReference } from "./references/reference.ts";
import { parseTrace } from "./trace-answer.ts";

/** What to evaluate. */
export interface EvaluateProjectOptions {
  /** The project file; an absolute path without symbolic links, as locations have it. */
  readonly file: string;
  /** The tree that may be read. Default: the project's directory. */
  readonly root?: string;
  /** What hosts are told of where the project is. Default: its directory, as a reference. */
  readonly self?: string;
  /** Which VM is wanted; absent: the one that goes without saying. */
  readonly name?: string | undefined;
  /** The store's directory, told to hosts. */
  readonly storeDir: string;
  /** In milliseconds; after that the evaluation is stopped. */
  readonly timeLimit?: number;
}

const TIME_LIMIT = 60_000;

/** Evaluates one VM of a project. Everything that is wrong with the project is a `MicrovmError`. */
export function evaluateProject(options: EvaluateProjectOptions): Promise<EvaluatedVm> {
  return ask(options, {}, ([line], checks) => parseAnswer(line, options.file, options.name, checks));
}

/** Evaluates every host and VM of a project at once; the faults of all of them are one error. */
export function evaluateWholeProject(
  options: Omit<EvaluateProjectOptions, "name">,
): Promise<EvaluatedProject> {
  return evaluateMany(options, { all: true });
}

/**
 * Evaluates one host of a project with all VMs that it declares in full: the named one, else that with the machine's
 * name, else `default`.
 */
export async function evaluateProjectHost(
  options: EvaluateProjectOptions,
  hostName: string,
): Promise<EvaluatedHost> {
  const { name, ...rest } = options;
  const host = { hostName, ...(name !== undefined && { wanted: name }) };
  const { hosts } = await evaluateMany(rest, { host });
  if (!hosts[0]) throw malformed(options.file, "it holds no host");
  return hosts[0];
}

/** Evaluates with as many children as there are processors, when there are VMs enough. */
async function evaluateMany(
  options: Omit<EvaluateProjectOptions, "name">,
  what: Pick<EvaluationRequest, "all" | "host">,
): Promise<EvaluatedProject> {
  let shares = 1;
  const evaluate = (children: number) =>
    ask(options, { ...what, children }, (lines, checks) => {
      shares = lines.length;
      const parts = lines.map((line) => parseProject(line, options.file, checks));
      return joinShares(parts, options.file);
    });
  try {
    return await evaluate(availableParallelism());
  } catch (error) {
    if (shares === 1) throw error;
    // Each share tells only of its own faults; one child tells of all of them.
    return evaluate(1);
  }
}

/** Evaluates several VMs of a project, in the order of their names. */
export function evaluateProjectVms(
  options: Omit<EvaluateProjectOptions, "name">,
  names: readonly string[],
): Promise<readonly EvaluatedVm[]> {
  return ask(options, { names }, ([line], checks) => {
    const { vms } = parseProject(line, options.file, checks);
    const given = vms.map(({ name }) => name);
    if (given.join("\n") !== names.join("\n")) throw malformed(options.file, "it is of other VMs");
    return vms;
  });
}

/**
 * Evaluates one option of a VM of a project, named by its path such as `microvm.mem`, and says where its value comes
 * from. Faults of other options are of no account; a fault of this one is part of the answer.
 */
export function traceProjectOption(options: EvaluateProjectOptions, path: string): Promise<TracedOption> {
  return ask(options, { trace: path }, ([line]) => parseTrace(line, options.file));
}

/**
 * What a project answers: as it did before, when nothing has changed since, else as children answer. What checks that
 * needs the declaration of every option, so it is loaded when they are at work already.
 */
async function ask<Answer>(
  options: EvaluateProjectOptions,
  what: Omit<EvaluationRequest, "file" | "name" | "root" | "self" | "share" | "storeDir">,
  read: (lines: readonly [string, ...string[]], checks: AnswerChecks) => Answer,
): Promise<Answer> {
  const { file, name, storeDir, timeLimit = TIME_LIMIT } = options;
  const directory = dirname(file);
  const { root = directory, self = formatReference({ type: "path", path: directory }) } = options;
  const request = { file, root, storeDir, self, ...(name !== undefined && { name }), ...what };
  const cached = cachedEvaluation(request);
  if (cached.lines) return read(cached.lines, CHECKED_BEFORE);
  const [lines, checks] = await Promise.all([
    askChildren(request, timeLimit),
    import("./answer-checks.ts").then(({ answerChecks }) => answerChecks()),
  ]);
  const answer = read(lines, checks);
  cached.keep(lines);
  return answer;
}
