/** Runs the maintainer scripts of a layer's packages where they can reach nothing but the layer. */

import { join } from "node:path";
import { MicrovmError } from "../errors.ts";
import { mkdirSync, symlinkSync, writeFileSync } from "../os/files.ts";
import { runToEnd } from "../os/processes.ts";
import { isInUserNamespace } from "../os/user-namespace.ts";
import type { Emulation } from "./emulation.ts";
import { SANDBOX_SCRIPT } from "./sandbox-script.ts";

/** One run in the sandbox. Paths are absolute; `upper` and `work` lie on one file system. */
export interface SandboxRun {
  /** Layers below, nearest first; none for a base. */
  readonly lowers: readonly string[];
  /** Holds what is already unpacked, and receives what the scripts change. */
  readonly upper: string;
  /** Empty directory of the caller's, for what the run needs beside the layer. */
  readonly scratch: string;
  /** Files of the job by name; `run` is started. */
  readonly job: Readonly<Record<string, string>>;
  /** How programs of another architecture are run. */
  readonly emulation?: Emulation | undefined;
  readonly signal: AbortSignal;
  /** Takes what the job prints. */
  readonly onOutput: (chunk: Buffer) => void;
  /** Takes what the job writes to file descriptor 3. */
  readonly onStatus?: (chunk: Buffer) => void;
}

/**
 * Runs the job on the stacked layers, in namespaces of its own: no host file, no network, no other process.
 * Everything that it starts is ended with it. A job that fails is an error (`build-failed`); what it printed tells why.
 */
export async function runInSandbox(run: SandboxRun): Promise<void> {
  const place = (name: string) => {
    const path = join(run.scratch, name);
    mkdirSync(path);
    return path;
  };
  const stage = place("stage");
  writeStage(stage, run.job);
  const root = place("root");
  const lowers = run.lowers.length > 0 ? run.lowers : [place("empty")];
  const command = [
    // Without the person's terminal.
    "setsid",
    "unshare",
    ...["--mount", "--propagation=private", "--pid", "--fork", "--kill-child", "--net", "--uts", "--ipc"],
    ...["sh", "-c", SANDBOX_SCRIPT, "sh"],
    ...[root, lowers.map(escapeLayer).join(":"), escapeLayer(run.upper), escapeLayer(place("work")), stage],
    overlayOptions(),
    ...[run.emulation?.emulator ?? "", run.emulation?.registration ?? "", escapeField(root)],
  ];
  const { signal, onOutput, onStatus } = run;
  const { code } = await runToEnd(command, {
    endsWithUs: true,
    signal,
    onOutput,
    ...(onStatus && { onStatus }),
  });
  if (code === 0) return;
  throw new MicrovmError(
    "build-failed",
    `Cannot configure the packages: the sandbox ended with exit status ${code}`,
  );
}

/** Links that programs expect in /dev. */
const DEVICE_LINKS = {
  ptmx: "pts/ptmx",
  fd: "/proc/self/fd",
  stdin: "/proc/self/fd/0",
  stdout: "/proc/self/fd/1",
  stderr: "/proc/self/fd/2",
} as const;

/** What is copied into the sandbox, in one go. */
function writeStage(stage: string, job: SandboxRun["job"]): void {
  for (const path of ["dev/pts", "dev/shm", "tmp/job"]) mkdirSync(join(stage, path), { recursive: true });
  for (const [name, target] of Object.entries(DEVICE_LINKS)) symlinkSync(target, join(stage, "dev", name));
  for (const [name, text] of Object.entries(job)) writeFileSync(join(stage, "tmp/job", name), text);
}

/**
 * Below a user's own namespace overlayfs keeps its marks in attributes that a user may set
 * (Documentation/filesystems/overlayfs.rst, "User xattr").
 */
function overlayOptions(): string {
  return isInUserNamespace() ? ",userxattr" : "";
}

/** A path in overlayfs's option string, where comma and colon part the values. */
function escapeLayer(path: string): string {
  return path.replace(/[\\,:]/g, "\\$&");
}

/** A path as a field of fstab(5), where blanks part fields and lines entries. */
function escapeField(path: string): string {
  return path.replace(/[\\ \t\n]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, "0")}`);
}
