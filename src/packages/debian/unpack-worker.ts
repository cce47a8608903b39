/** The thread that unpacks packages, one message each: see `unpack-pool.ts`. */
import { MicrovmError, messageOf } from "../../errors.ts";
import { parentPort } from "../../os/workers.ts";
import { type Tree, TreeWriter } from "./tree-writer.ts";
import { unpackDeb } from "./unpack-deb.ts";
import type { UnpackAnswer, UnpackRequest } from "./unpack-pool.ts";

/** What is known of each tree that is being written, by its number. */
const writers = new Map<number, TreeWriter>();

function writerOf(treeId: number, tree: Tree): TreeWriter {
  const known = writers.get(treeId);
  if (known) return known;
  const writer = new TreeWriter(tree);
  writers.set(treeId, writer);
  return writer;
}

async function work(request: Exclude<UnpackRequest, { readonly forget: number }>): Promise<UnpackAnswer> {
  const { id, treeId, tree, deb, options } = request;
  try {
    return { id, unpacked: await unpackDeb(deb, writerOf(treeId, tree), options) };
  } catch (error) {
    const details = error instanceof MicrovmError ? { code: error.code, hint: error.hint } : {};
    return { id, failure: { message: messageOf(error), ...details } };
  }
}

parentPort?.on("message", async (request: UnpackRequest) => {
  if ("forget" in request) writers.delete(request.forget);
  else parentPort?.postMessage(await work(request));
});
