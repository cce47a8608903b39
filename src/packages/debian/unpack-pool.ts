/** Threads that unpack packages. All trees share them: they are started once, and as many as there are processors. */
import { type ErrorParts, errorFromParts } from "../../errors.ts";
import { statSync } from "../../os/files.ts";
import { programFile } from "../../os/program-files.ts";
import { availableParallelism, Worker } from "../../os/workers.ts";
import type { XzProgram } from "../../os/xz-decoder.ts";
import type { Tree } from "./tree-writer.ts";
import type { UnpackDebOptions, UnpackedDeb } from "./unpack-deb.ts";

/** What a thread is asked. */
export type UnpackRequest = UnpackJob | { readonly forget: number };

interface UnpackJob {
  readonly treeId: number;
  readonly tree: Tree;
  readonly xz: XzProgram | undefined;
  readonly deb: string;
  readonly options: UnpackDebOptions;
}

/** What it answers: one of the first two. The last one comes once, of itself, when it has loaded what it needs. */
export interface UnpackAnswer {
  readonly unpacked?: UnpackedDeb;
  readonly failure?: ErrorParts;
  readonly isLoaded?: true;
}

/** The threads' work on one tree. Disposing of it drops what has not begun and waits for what has. */
export interface UnpackPool extends AsyncDisposable {
  unpack(deb: string, options: UnpackDebOptions): Promise<UnpackedDeb>;
}

interface Pending {
  readonly job: UnpackJob;
  /** Of the .deb, in bytes. */
  readonly size: number;
  readonly resolve: (unpacked: UnpackedDeb) => void;
  readonly reject: (error: unknown) => void;
}

interface Thread {
  readonly worker: Worker;
  running: Pending | undefined;
  isLoaded: boolean;
}

const threads: Thread[] = [];
let waiting: Pending[] = [];
let nextId = 0;

/** The threads, for one tree. */
export function openUnpackPool(tree: Tree, xz: XzProgram | undefined): UnpackPool {
  const treeId = nextId++;
  const begun = new Set<Promise<UnpackedDeb>>();
  return {
    unpack(deb, options) {
      const work = new Promise<UnpackedDeb>((resolve, reject) => {
        const { size } = statSync(deb);
        waiting.push({ size, job: { treeId, tree, xz, deb, options }, resolve, reject });
      });
      begun.add(work);
      feedThreads();
      return work;
    },
    async [Symbol.asyncDispose]() {
      const dropped = waiting.filter(({ job }) => job.treeId === treeId);
      waiting = waiting.filter(({ job }) => job.treeId !== treeId);
      for (const { reject } of dropped) reject(new Error("The unpacking was given up"));
      await Promise.allSettled(begun);
      for (const { worker } of threads) worker.postMessage({ forget: treeId } satisfies UnpackRequest);
    },
  };
}

/**
 * Starts the threads, so that they are there once there is something to unpack. They keep no process alive but while they
 * load: a native library that is cut off then ends the process with a signal.
 */
export function startUnpackThreads(): void {
  while (threads.length < availableParallelism()) threads.push(startThread());
}

/** Gives each idle thread a package, and keeps the process alive exactly as long as one is at work. */
function feedThreads(): void {
  startUnpackThreads();
  for (const thread of threads) {
    if (thread.running || waiting.length === 0) continue;
    thread.running = takeNext();
    thread.worker.ref();
    thread.worker.postMessage(thread.running.job satisfies UnpackRequest);
  }
}

/**
 * Packages of systems first, since their scripts run when all are there, one after the other on one processor. Of
 * these and of the rest the largest first, so that no thread is left with a large one at the end.
 */
function takeNext(): Pending {
  const isBefore = (a: Pending, b: Pending) =>
    a.job.options.isSystem === b.job.options.isSystem ? a.size > b.size : a.job.options.isSystem;
  const next = waiting.reduce((a, b) => (isBefore(b, a) ? b : a));
  waiting.splice(waiting.indexOf(next), 1);
  return next;
}

function startThread(): Thread {
  const worker = new Worker(programFile("packages/debian/unpack-worker"));
  const thread: Thread = { worker, running: undefined, isLoaded: false };
  thread.worker.on("message", ({ unpacked, failure, isLoaded }: UnpackAnswer) => {
    const pending = thread.running;
    if (isLoaded) thread.isLoaded = true;
    else thread.running = undefined;
    if (thread.isLoaded && !thread.running) thread.worker.unref();
    if (unpacked) pending?.resolve(unpacked);
    else if (failure) pending?.reject(errorFromParts(failure));
    feedThreads();
  });
  thread.worker.on("error", (error) => {
    threads.splice(threads.indexOf(thread), 1);
    thread.running?.reject(error);
  });
  return thread;
}
