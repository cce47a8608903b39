/** The thread that unpacks packages, one message each: see `unpack-pool.ts`. */
import { MicrovmError, messageOf } from "../../errors.ts";
import { parentPort, workerData } from "../../os/workers.ts";
import { type Tree, TreeWriter } from "./tree-writer.ts";
import { unpackDeb } from "./unpack-deb.ts";
import type { UnpackAnswer, UnpackJob } from "./unpack-pool.ts";

const writer = new TreeWriter(workerData as Tree);

async function work(job: UnpackJob): Promise<UnpackAnswer> {
  try {
    return { id: job.id, unpacked: await unpackDeb(job.deb, writer, job.options) };
  } catch (error) {
    const details = error instanceof MicrovmError ? { code: error.code, hint: error.hint } : {};
    return { id: job.id, failure: { message: messageOf(error), ...details } };
  }
}

parentPort?.on("message", async (job: UnpackJob) => parentPort?.postMessage(await work(job)));
