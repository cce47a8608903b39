/** Threads that digest trees: reading and hashing a store keeps a processor busy for every half gigabyte a second. */
import { type ErrorParts, errorFromParts } from "../errors.ts";
import { programFile } from "../os/program-files.ts";
import { availableParallelism, Worker } from "../os/workers.ts";
import { limiter } from "./limiter.ts";
import { summariseTree, type TreeSummary } from "./tree.ts";

/** What a thread answers: one of the two. */
export interface DigestAnswer {
  readonly summary?: TreeSummary;
  readonly failure?: ErrorParts;
}

/** Digests trees, several at once; disposing of it ends the threads. */
export interface DigestPool extends AsyncDisposable {
  /** As `summariseTree`. */
  summarise(path: string): Promise<TreeSummary>;
}

/** A pool for so many trees. For a single one no thread is started. */
export function openDigestPool(trees: number): DigestPool {
  const size = Math.min(availableParallelism(), trees);
  if (size <= 1) return { summarise: summariseTree, [Symbol.asyncDispose]: async () => {} };
  const gate = limiter(size);
  const idle: Worker[] = [];
  const all: Worker[] = [];
  return {
    summarise: (path) =>
      gate.run(async () => {
        const worker = idle.pop() ?? startWorker(all);
        const summary = await ask(worker, path);
        idle.push(worker);
        return summary;
      }),
    async [Symbol.asyncDispose]() {
      await Promise.all(all.map((worker) => worker.terminate()));
    },
  };
}

function startWorker(all: Worker[]): Worker {
  const worker = new Worker(programFile("store/digest-worker"));
  all.push(worker);
  return worker;
}

function ask(worker: Worker, path: string): Promise<TreeSummary> {
  return new Promise((resolve, reject) => {
    const settle = () => {
      worker.off("message", onMessage);
      worker.off("error", onError);
    };
    const onMessage = ({ summary, failure }: DigestAnswer) => {
      settle();
      if (summary) resolve(summary);
      else reject(errorFromParts(failure!));
    };
    const onError = (error: unknown) => {
      settle();
      reject(error);
    };
    worker.on("message", onMessage);
    worker.on("error", onError);
    worker.postMessage(path);
  });
}
