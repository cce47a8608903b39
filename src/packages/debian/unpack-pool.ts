/** Threads that unpack packages. All trees share them: they are started once, and as many as there are processors. */
import { extname } from "node:path";
import { type ErrorCode, MicrovmError } from "../../errors.ts";
import { availableParallelism, Worker } from "../../os/workers.ts";
import type { Tree } from "./tree-writer.ts";
import type { UnpackDebOptions, UnpackedDeb } from "./unpack-deb.ts";

/** What a thread is asked. */
export type UnpackRequest = UnpackJob | { readonly forget: number };

interface UnpackJob {
  readonly id: number;
  readonly treeId: number;
  readonly tree: Tree;
  readonly deb: string;
  readonly options: UnpackDebOptions;
}

/** What it answers: one of the two. */
export interface UnpackAnswer {
  readonly id: number;
  readonly unpacked?: UnpackedDeb;
  readonly failure?: {
    readonly message: string;
    readonly code?: ErrorCode;
    readonly hint?: string | undefined;
  };
}

/** Packages that one thread has at a time: while one is decompressed, the other is written. */
const IN_FLIGHT = 2;

/** The threads' work on one tree. Disposing of it drops what has not begun and waits for what has. */
export interface UnpackPool extends AsyncDisposable {
  unpack(deb: string, options: UnpackDebOptions): Promise<UnpackedDeb>;
}

interface Pending {
  readonly job: UnpackJob;
  readonly resolve: (unpacked: UnpackedDeb) => void;
  readonly reject: (error: unknown) => void;
}

interface Thread {
  readonly worker: Worker;
  readonly running: Map<number, Pending>;
}

const threads: Thread[] = [];
let waiting: Pending[] = [];
let nextId = 0;

/** The threads, for one tree; they take packages in the order of the calls. */
export function openUnpackPool(tree: Tree): UnpackPool {
  const treeId = nextId++;
  const begun = new Set<Promise<UnpackedDeb>>();
  return {
    unpack(deb, options) {
      const work = new Promise<UnpackedDeb>((resolve, reject) => {
        waiting.push({ job: { id: nextId++, treeId, tree, deb, options }, resolve, reject });
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

/** Gives each thread as much as it may have, and keeps the process alive exactly as long as one is at work. */
function feedThreads(): void {
  while (threads.length < availableParallelism()) threads.push(startThread());
  for (const thread of threads) {
    while (thread.running.size < IN_FLIGHT && waiting.length > 0) {
      const pending = waiting.shift()!;
      thread.running.set(pending.job.id, pending);
      thread.worker.ref();
      thread.worker.postMessage(pending.job satisfies UnpackRequest);
    }
  }
}

function startThread(): Thread {
  // The program runs from TypeScript and from what it is compiled to.
  const url = new URL(`./unpack-worker${extname(import.meta.filename)}`, import.meta.url);
  const thread: Thread = { worker: new Worker(url), running: new Map() };
  thread.worker.on("message", ({ id, unpacked, failure }: UnpackAnswer) => {
    const pending = thread.running.get(id);
    thread.running.delete(id);
    if (thread.running.size === 0) thread.worker.unref();
    if (unpacked) pending?.resolve(unpacked);
    else if (failure) pending?.reject(rebuildError(failure));
    feedThreads();
  });
  thread.worker.on("error", (error) => {
    threads.splice(threads.indexOf(thread), 1);
    for (const pending of thread.running.values()) pending.reject(error);
  });
  thread.worker.unref();
  return thread;
}

/** Classes do not pass between threads. */
function rebuildError({ message, code, hint }: NonNullable<UnpackAnswer["failure"]>): Error {
  if (code === undefined) return new Error(message);
  return new MicrovmError(code, message, { ...(hint !== undefined && { hint }) });
}
