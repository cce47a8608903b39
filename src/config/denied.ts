/** What the restricted child may not do, in words. */
import { MicrovmError, systemCode } from "../errors.ts";
import { thrownPlace } from "../module-system/index.ts";

/** How many causes are looked through. */
const DEEPEST_CAUSE = 8;

/** The fault of code that tried what it may not, or undefined when the error is of another kind. */
export function permissionDenied(thrown: unknown, file: string): MicrovmError | undefined {
  const denied = deniedCause(thrown);
  if (!denied) return undefined;
  const place = thrownPlace(denied);
  // What a file imports is read by this program.
  const isOwn = place?.startsWith(`${import.meta.dirname}/`) ?? true;
  return denial(`"${isOwn ? file : place}"`, attempted(denied), thrown);
}

/** The same for a fault of an evaluation, whose message says which definition it was. */
export function explainDenied(fault: MicrovmError): MicrovmError {
  const denied = fault.code === "permission-denied" ? undefined : deniedCause(fault.cause);
  if (!denied) return fault;
  const who = /^(.*?) threw(?: \(at ".*?"\))?: /.exec(fault.message)?.[1] ?? "The project";
  return denial(who, attempted(denied), fault);
}

/** The fault of reading a file that lies outside of what may be read. */
export function readDenied(who: string, path: string): MicrovmError {
  return denial(who, `read "${path}"`, undefined);
}

/** Whether this process may read a file. Everything may be read by a process without restrictions. */
export function mayRead(path: string): boolean {
  return process.permission === undefined || process.permission.has("fs.read", path);
}

function denial(who: string, attempt: string, cause: unknown): MicrovmError {
  return new MicrovmError("permission-denied", `${who} tried to ${attempt}, which a project file may not`, {
    hint: "A project file is evaluated with read access to its own directory, and nothing else",
    cause,
  });
}

function deniedCause(thrown: unknown): Error | undefined {
  let error = thrown;
  for (let depth = 0; depth < DEEPEST_CAUSE && error instanceof Error; depth++) {
    if (["ERR_ACCESS_DENIED", "ERR_DLOPEN_DISABLED"].includes(systemCode(error) ?? "")) return error;
    error = error.cause;
  }
  return undefined;
}

function attempted(denied: Error): string {
  const { permission, resource } = denied as { permission?: string; resource?: string };
  const what = resource ? `"${resource}"` : "a file";
  switch (permission) {
    case "FileSystemRead":
      return `read ${what}`;
    case "FileSystemWrite":
      return `write ${what}`;
    case "ChildProcess":
      return `start the program ${resource ? `"${resource}"` : "of its choice"}`;
    case "WorkerThreads":
      return "start a thread";
    default:
      return systemCode(denied) === "ERR_DLOPEN_DISABLED"
        ? "load native code"
        : `use ${permission ?? "the system"}`;
  }
}
