/** What projects evaluated to, kept for as long as nothing that they can read has changed. */
import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { join } from "node:path";
import { systemCode } from "../errors.ts";
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readTextIfExists,
  rmSync,
  statSync,
  utimesSync,
  writeFileAtomically,
} from "../os/files.ts";
import { cacheDirectory, cacheNames } from "../paths.ts";
import type { EvaluationRequest } from "./protocol.ts";
import { programState, treeState } from "./readable-state.ts";

/** Of one evaluation, in characters: a thousand VMs need about a tenth of it. */
const LARGEST = 1 << 28;

/** Of all that is kept, in bytes, and how many: those used longest ago are removed. */
const MOST_BYTES = 1 << 28;
const MOST_ENTRIES = 200;

/** How many more there may be, if small, until the oldest are looked for, which takes 10 ms of a build. */
const MORE_ENTRIES = 32;

/** The place of one evaluation in the cache. */
export interface CachedEvaluation {
  /** The lines that it was answered with, as they were kept; absent when it has to be done. */
  readonly lines: readonly [string, ...string[]] | undefined;
  /** Keeps such lines, which have been checked, unless the project changed while they were made. */
  keep(lines: readonly string[]): void;
}

/**
 * Looks an evaluation up. Nothing is kept where another user could write, of a project that is too large to look
 * through, and with the environment variable `MICROVM_EVAL_CACHE` set to 0.
 */
export function cachedEvaluation(request: EvaluationRequest): CachedEvaluation {
  const directory = ownDirectory();
  const state = directory && treeState(request.root, request.storeDir);
  if (!directory || state === undefined) return { lines: undefined, keep() {} };
  const { children, share, ...asked } = request;
  const key = createHash("sha256").update(JSON.stringify([programState(), state, asked]));
  const file = join(directory, key.digest("hex"));
  const lines = linesIn(readTextIfExists(file));
  if (lines) unlessRefused(() => utimesSync(file, new Date(), new Date()));
  return {
    lines,
    keep(lines) {
      if (treeState(request.root, request.storeDir) !== state) return;
      const text = withDigest(lines.join("\n"));
      if (text.length > LARGEST) return;
      unlessRefused(() => {
        writeFileAtomically(file, text, { flush: false });
        if (isToBeLookedAt(directory, text.length)) removeOldest(directory);
      });
    },
  };
}

/** The lines in a file of the cache; absent when there is none, or one that was damaged: lines are not checked again. */
function linesIn(text: string | undefined): [string, ...string[]] | undefined {
  const kept = text?.slice(text.indexOf("\n") + 1);
  const isWhole = kept !== undefined && text === withDigest(kept);
  return isWhole ? (kept.split("\n") as [string, ...string[]]) : undefined;
}

function withDigest(text: string): string {
  return `${createHash("sha256").update(text).digest("hex")}\n${text}`;
}

/** Does what only saves time: a full disk, or another process that removes the same file, is nobody's fault. */
function unlessRefused(action: () => void): void {
  try {
    action();
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
  }
}

/** The directory of the cache, made if need be; absent when somebody else could decide what is in it. */
function ownDirectory(): string | undefined {
  if (process.env.MICROVM_EVAL_CACHE === "0") return undefined;
  const uid = process.getuid!();
  const directory = join(cacheDirectory(process.env), cacheNames.evaluations);
  try {
    if (statSync(homedir()).uid !== uid) return undefined;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const status = lstatSync(directory);
    return status.isDirectory() && status.uid === uid && (status.mode & 0o022) === 0 ? directory : undefined;
  } catch {
    return undefined;
  }
}

/** Whether there may be too much, now that one of this size was added: not while all are few and small. */
function isToBeLookedAt(directory: string, added: number): boolean {
  const most = MOST_ENTRIES + MORE_ENTRIES;
  return added > MOST_BYTES / most || readdirSync(directory).length > most;
}

function removeOldest(directory: string): void {
  let bytes = 0;
  readdirSync(directory)
    .map((name) => ({ path: join(directory, name), ...statSync(join(directory, name)) }))
    .sort((a, b) => b.mtimeMs - a.mtimeMs)
    .forEach(({ path, size }, at) => {
      bytes += size;
      if (at >= MOST_ENTRIES || bytes > MOST_BYTES) rmSync(path, { force: true });
    });
}
