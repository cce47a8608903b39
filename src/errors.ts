/**
 * The one error class for what a person can cause. Everything else that is thrown is a
 * programmer's mistake and stays a plain `Error`.
 */

/** Every error code of the program; `docs/errors.md` lists them and a test compares the two. */
export type ErrorCode =
  | "bad-usage"
  | "boot-timeout"
  | "build-failed"
  | "checksum-mismatch"
  | "command-failed"
  | "config-invalid"
  | "config-not-found"
  | "config-threw"
  | "download-failed"
  | "generation-not-found"
  | "guest-failed"
  | "host-failed"
  | "host-not-found"
  | "host-unsupported"
  | "image-invalid"
  | "index-invalid"
  | "interrupted"
  | "live-failed"
  | "lock-invalid"
  | "log-not-found"
  | "mirror-unknown"
  | "mirror-unreachable"
  | "network-clash"
  | "no-space"
  | "option-conflict"
  | "option-recursion"
  | "option-type"
  | "option-undefined"
  | "option-unknown"
  | "package-gone"
  | "package-invalid"
  | "package-not-found"
  | "package-unsatisfiable"
  | "path-not-found"
  | "permission-denied"
  | "reboot-needed"
  | "reference-invalid"
  | "reference-not-found"
  | "release-outdated"
  | "repository-unreachable"
  | "signature-invalid"
  | "state-busy"
  | "store-damaged"
  | "store-invalid"
  | "stream-invalid"
  | "tool-missing"
  | "unit-foreign"
  | "unsupported"
  | "vm-broken"
  | "vm-declared"
  | "vm-exists"
  | "vm-not-found"
  | "vm-not-running";

/** How an error is described: `hint` says what to do about it. */
interface ErrorDetails {
  readonly hint?: string;
  readonly cause?: unknown;
}

/**
 * What a person can cause: a code to look up, a message of what happened and why (sentence case,
 * values quoted, no final period), a hint of what to do, and the cause when another error led here.
 */
export class MicrovmError extends Error {
  override readonly name = "MicrovmError";
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint;
  }
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The system's own code of a failed call (`ENOENT`, `EACCES`, …), if it has one. */
export function systemCode(thrown: unknown): string | undefined {
  return thrown instanceof Error && "code" in thrown ? String(thrown.code) : undefined;
}

/** An error as it passes between threads, where classes do not. */
export interface ErrorParts {
  readonly message: string;
  readonly code?: ErrorCode | undefined;
  readonly hint?: string | undefined;
  /** Of a failed call of the system: its name, such as `ENOSPC`. */
  readonly system?: string | undefined;
}

/** What another thread is told of an error. */
export function errorParts(error: unknown): ErrorParts {
  const message = messageOf(error);
  if (error instanceof MicrovmError) return { message, code: error.code, hint: error.hint };
  return { message, system: systemCode(error) };
}

/** The error that another thread told of. */
export function errorFromParts({ message, code, hint, system }: ErrorParts): Error {
  if (code === undefined) return Object.assign(new Error(message), system !== undefined && { code: system });
  return new MicrovmError(code, message, { ...(hint !== undefined && { hint }) });
}
