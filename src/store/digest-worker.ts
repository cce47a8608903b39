/** The thread that digests trees, one message each: see `digest-pool.ts`. */
import { MicrovmError, messageOf, systemCode } from "../errors.ts";
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
    const details = error instanceof MicrovmError ? { code: error.code, hint: error.hint } : {};
    return { failure: { message: messageOf(error), system: systemCode(error), ...details } };
  }
}
