/** The thread that digests trees, one message each: see `digest-pool.ts`. */
import { errorParts } from "../errors.ts";
import { parentPort } from "../os/workers.ts";
import type { DigestAnswer } from "./digest-pool.ts";
import { summariseTree } from "./tree.ts";

parentPort?.on("message", async (path: string) => {
  parentPort?.postMessage(await answer(path));
});

async function answer(path: string): Promise<DigestAnswer> {
  try {
    return { summary: await summariseTree(path) };
  } catch (error) {
    return { failure: errorParts(error) };
  }
}
