/** Threads that unpack packages into one tree. */
import { extname } from "node:path";
import { type ErrorCode, MicrovmError } from "../../errors.ts";
import { availableParallelism, Worker } from "../../os/workers.ts";
import type { Tree } from "./tree-writer.ts";
import type { UnpackDebOptions, UnpackedDeb } from "./unpack-deb.ts";

/** What a thread is asked. */
export interface UnpackJob {
  readonly id: number;
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

/** A pool for one tree; disposing of it ends the threads. */
export interface UnpackPool extends AsyncDisposable {
  unpack(deb: string, options: UnpackDebOptions): Promise<UnpackedDeb>;
}

interface Pending {
  readonly job: UnpackJob;
  readonly resolve: (unpacked: UnpackedDeb) => void;
  readonly reject: (error: unknown) => void;
}

/** Starts threads for at most `count` packages at once; they take jobs in the order of the calls. */
export function startUnpackPool(tree: Tree, count: number): UnpackPool {
  const waiting: Pending[] = [];
  // The program runs from TypeScript and from what it is compiled to.
  const url = new URL(`./unpack-worker${extname(import.meta.filename)}`, import.meta.url);
  const size = Math.min(availableParallelism(), Math.max(count, 1));
  const threads = Array.from({ length: size }, () => startThread(url, tree, waiting));
  let nextId = 0;
  return {
    unpack: (deb, options) =>
      new Promise((resolve, reject) => {
        waiting.push({ job: { id: nextId++, deb, options }, resolve, reject });
        const idle = threads.toSorted((a, b) => a.running.size - b.running.size)[0]!;
        idle.feed();
      }),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(threads.map(({ worker }) => worker.terminate()));
    },
  };
}

interface Thread {
  readonly worker: Worker;
  readonly running: Map<number, Pending>;
  feed(): void;
}

function startThread(url: URL, tree: Tree, waiting: Pending[]): Thread {
  const worker = new Worker(url, { workerData: tree });
  const running = new Map<number, Pending>();
  const feed = () => {
    while (running.size < IN_FLIGHT && waiting.length > 0) {
      const pending = waiting.shift()!;
      running.set(pending.job.id, pending);
      worker.postMessage(pending.job);
    }
  };
  worker.on("message", ({ id, unpacked, failure }: UnpackAnswer) => {
    const pending = running.get(id);
    running.delete(id);
    if (unpacked) pending?.resolve(unpacked);
    else if (failure) pending?.reject(rebuildError(failure));
    feed();
  });
  worker.on("error", (error) => {
    for (const pending of running.values()) pending.reject(error);
    running.clear();
  });
  return { worker, running, feed };
}

/** Classes do not pass between threads. */
function rebuildError({ message, code, hint }: NonNullable<UnpackAnswer["failure"]>): Error {
  if (code === undefined) return new Error(message);
  return new MicrovmError(code, message, { ...(hint !== undefined && { hint }) });
}
