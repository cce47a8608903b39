/** Evaluates projects. Their files are code that is not trusted, so that happens in a restricted child. */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type ErrorCode, MicrovmError } from "../errors.ts";
import { existsSync, realpathSync } from "../os/files.ts";
import { type ChildProcess, spawn } from "../os/processes.ts";
import { PROGRAM_DIRECTORY, programFile } from "../os/program-files.ts";
import {
  ANSWER_DESCRIPTOR,
  type EvaluatedHost,
  type EvaluatedProject,
  type EvaluatedVm,
  type EvaluationRequest,
  type TracedOption,
} from "./protocol.ts";
import { formatReference } from "./references/reference.ts";

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

/** Of the child's heap, in MiB: a thousand VMs need less than a quarter. */
const MEMORY_LIMIT = 2048;

/** Of the heap's young part, in MiB. What an evaluation makes lives short; more than this costs memory and saves no time. */
const YOUNG_LIMIT = 16;

/** Evaluates one VM of a project. Everything that is wrong with the project is a `MicrovmError`. */
export async function evaluateProject(options: EvaluateProjectOptions): Promise<EvaluatedVm> {
  const [line, { parseAnswer }] = await ask(options, {}, answers);
  return parseAnswer(line, options.file, options.name);
}

/** Evaluates every host and VM of a project at once; the faults of all of them are one error. */
export async function evaluateWholeProject(
  options: Omit<EvaluateProjectOptions, "name">,
): Promise<EvaluatedProject> {
  const [line, { parseProject }] = await ask(options, { all: true }, answers);
  return parseProject(line, options.file);
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
  const [line, { parseProject, malformed }] = await ask(rest, { host }, answers);
  const [evaluated] = parseProject(line, options.file).hosts;
  if (!evaluated) throw malformed(options.file, "it holds no host");
  return evaluated;
}

/** Evaluates several VMs of a project, in the order of their names. */
export async function evaluateProjectVms(
  options: Omit<EvaluateProjectOptions, "name">,
  names: readonly string[],
): Promise<readonly EvaluatedVm[]> {
  const [line, { parseProject, malformed }] = await ask(options, { names }, answers);
  const { vms } = parseProject(line, options.file);
  const given = vms.map(({ name }) => name);
  if (given.join("\n") !== names.join("\n")) throw malformed(options.file, "it is of other VMs");
  return vms;
}

/**
 * Evaluates one option of a VM of a project, named by its path such as `microvm.mem`, and says where its value comes
 * from. Faults of other options are of no account; a fault of this one is part of the answer.
 */
export async function traceProjectOption(
  options: EvaluateProjectOptions,
  path: string,
): Promise<TracedOption> {
  const [line, { parseTrace }] = await ask(options, { trace: path }, () => import("./trace-answer.ts"));
  return parseTrace(line, options.file);
}

async function answers() {
  const { malformed, parseAnswer, parseProject, prepareChecks } = await import("./answer.ts");
  prepareChecks();
  return { malformed, parseAnswer, parseProject };
}

/**
 * The line that a child answers with, and what checks it. That needs the declaration of every option, so it is
 * loaded when the child is at work already.
 */
async function ask<T>(
  options: EvaluateProjectOptions,
  what: Pick<EvaluationRequest, "trace" | "all" | "host" | "names">,
  loadCheck: () => Promise<T>,
): Promise<[string, T]> {
  const { file, name, storeDir, timeLimit = TIME_LIMIT } = options;
  const directory = dirname(file);
  const { root = directory, self = formatReference({ type: "path", path: directory }) } = options;
  const request: EvaluationRequest = {
    file,
    root,
    storeDir,
    self,
    ...(name !== undefined && { name }),
    ...what,
  };
  const command = [
    process.execPath,
    ...nodeArguments(root, directory),
    fileURLToPath(programFile("config/child")),
    JSON.stringify(request),
  ];
  const isRoot = process.getuid?.() === 0;
  const child = spawn("sh", ["-c", NETWORK_CUT, "sh", isRoot ? "" : "--map-root-user", ...command], {
    cwd: directory,
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
    // What project files print goes to the standard error, so that it cannot get into this program's output.
    stdio: ["ignore", 2, 2, "pipe"],
  });
  return Promise.all([readAnswer(child, file, timeLimit), loadCheck()]);
}

/**
 * Starts the child without a network: Node's permission model does not know one, so it gets a network namespace of its
 * own, with nothing in it. A kernel that refuses that to this user leaves the network on. A script, so that nothing
 * waits for this process, which has more to load meanwhile. The first argument is what "unshare" needs beside.
 */
const NETWORK_CUT = `
user=$1
shift
unshare $user --net true 2>/dev/null && exec unshare $user --net env -i "$@"
exec env -i "$@"`;

function nodeArguments(root: string, directory: string): string[] {
  return [
    "--permission",
    ...readable(root, directory).map((path) => `--allow-fs-read=${path}`),
    "--disable-warning=ExperimentalWarning",
    // To tell modules without types from others.
    "--experimental-vm-modules",
    "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON",
    `--max-old-space-size=${MEMORY_LIMIT}`,
    `--max-semi-space-size=${YOUNG_LIMIT}`,
  ];
}

/** The project's tree, this program, and where their names really lead to. */
function readable(root: string, directory: string): string[] {
  const modules = join(directory, "node_modules");
  const paths = [root, PROGRAM_DIRECTORY, ...(existsSync(modules) ? [modules] : [])];
  return [...new Set(paths.flatMap((path) => [path, realpathSync(path)]))];
}

/** The line that the child answers with. The child is not needed after it, nor after the time limit. */
function readAnswer(child: ChildProcess, file: string, timeLimit: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    const fail = (code: ErrorCode, message: string, hint?: string) =>
      reject(new MicrovmError(code, message, hint === undefined ? {} : { hint }));
    const timer = setTimeout(() => {
      fail(
        "config-threw",
        `The evaluation of "${file}" took longer than ${timeLimit / 1000} seconds`,
        "Look for a loop without end",
      );
      child.kill("SIGKILL");
    }, timeLimit);
    child.stdio[ANSWER_DESCRIPTOR]!.on("data", (piece: Buffer) => {
      pieces.push(piece);
      if (!piece.includes("\n")) return;
      resolve(Buffer.concat(pieces).toString().split("\n")[0]!);
      child.kill("SIGKILL");
    });
    child.on("error", (error) => fail("tool-missing", `Cannot start "${child.spawnfile}": ${error.message}`));
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      const how = signal === null ? `exit status ${code}` : `signal ${signal}`;
      const hint =
        signal === null
          ? "Project files must not end the process"
          : `It may have run out of memory: it has ${MEMORY_LIMIT} MiB`;
      fail("config-threw", `The evaluation of "${file}" ended with ${how} and without an answer`, hint);
    });
  });
}
