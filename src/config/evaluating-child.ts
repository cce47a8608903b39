/** The restricted children that evaluate projects: how they are started, and how their answers are read. */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type ErrorCode, MicrovmError } from "../errors.ts";
import { existsSync, realpathSync } from "../os/files.ts";
import { type ChildProcess, spawn } from "../os/processes.ts";
import { PROGRAM_DIRECTORY, programFile } from "../os/program-files.ts";
import { ANSWER_DESCRIPTOR, type EvaluationRequest } from "./protocol.ts";

/** Of the child's heap, in MiB: a thousand VMs need less than a quarter. */
const MEMORY_LIMIT = 2048;

/** Of the heap's young part, in MiB. What an evaluation makes lives short; more than this costs memory and saves no time. */
const YOUNG_LIMIT = 16;

/**
 * The lines that answer a request: one, or one for each child that evaluates a share of many VMs, in their order.
 * After `timeLimit`, in milliseconds, a child is stopped. None is left running.
 */
export async function askChildren(
  request: EvaluationRequest,
  timeLimit: number,
): Promise<readonly [string, ...string[]]> {
  const children: ChildProcess[] = [];
  const others: Promise<string>[] = [];
  const ask = (asked: EvaluationRequest, onDivision?: (shares: number) => void) => {
    const child = startChild(asked);
    children.push(child);
    return readAnswer(child, request.file, timeLimit, onDivision);
  };
  try {
    const first = await ask(request, (shares) => {
      // The project's code may have written any number.
      for (let index = 1; index < Math.min(shares, request.children ?? 1); index++) {
        const other = ask({ ...request, share: { index, of: shares } });
        // When the first one fails nobody waits for it.
        other.catch(() => {});
        others.push(other);
      }
    });
    return [first, ...(await Promise.all(others))];
  } finally {
    for (const child of children) child.kill("SIGKILL");
  }
}

function startChild(request: EvaluationRequest): ChildProcess {
  const directory = dirname(request.file);
  const command = [
    process.execPath,
    ...nodeArguments(request.root, directory),
    fileURLToPath(programFile("config/child")),
    JSON.stringify(request),
  ];
  const isRoot = process.getuid?.() === 0;
  // What project files print goes to the standard error, so that it cannot get into this program's output. Once.
  const printed = request.share ? "ignore" : 2;
  return spawn("sh", ["-c", NETWORK_CUT, "sh", isRoot ? "" : "--map-root-user", ...command], {
    cwd: directory,
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
    stdio: ["ignore", printed, printed, "pipe"],
  });
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

/** What the first child says when it evaluates only the first of so many shares. */
const DIVISION = /^\{"shares":(\d{1,4})\}$/;

/** The line that the child answers with. The child is not needed after it, nor after the time limit. */
function readAnswer(
  child: ChildProcess,
  file: string,
  timeLimit: number,
  onDivision?: (shares: number) => void,
): Promise<string> {
  return new Promise((resolve, reject) => {
    let pieces: Buffer[] = [];
    let isDivided = onDivision === undefined;
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
      for (let all: Buffer; piece.includes("\n"); piece = all) {
        all = Buffer.concat(pieces);
        const end = all.indexOf("\n");
        const line = all.toString("utf8", 0, end);
        const division = isDivided ? null : DIVISION.exec(line);
        if (!division) {
          resolve(line);
          child.kill("SIGKILL");
          return;
        }
        isDivided = true;
        onDivision?.(Number(division[1]));
        all = all.subarray(end + 1);
        pieces = [all];
      }
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
