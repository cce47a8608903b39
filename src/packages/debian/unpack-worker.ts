/** The thread that unpacks packages, one message each: see `unpack-pool.ts`. */
import { errorParts } from "../../errors.ts";
import { parentPort } from "../../os/workers.ts";
import { loadXzLibrary } from "../../os/xz.ts";
import { openXzDecoder } from "../../os/xz-decoder.ts";
import { TreeWriter } from "./tree-writer.ts";
import { type Unpacker, unpackDeb } from "./unpack-deb.ts";
import type { UnpackAnswer, UnpackRequest } from "./unpack-pool.ts";

type Job = Exclude<UnpackRequest, { readonly forget: number }>;

/** What each tree that is being written is written with, by its number. */
const unpackers = new Map<number, Unpacker>();

function unpackerOf({ treeId, tree, xz }: Job): Unpacker {
  const known = unpackers.get(treeId);
  if (known) return known;
  const unpacker = { writer: new TreeWriter(tree), xz: openXzDecoder(xz) };
  unpackers.set(treeId, unpacker);
  return unpacker;
}

function forget(treeId: number): void {
  unpackers.get(treeId)?.xz[Symbol.dispose]();
  unpackers.delete(treeId);
}

async function work(job: Job): Promise<UnpackAnswer> {
  try {
    return { unpacked: await unpackDeb(job.deb, unpackerOf(job), job.options) };
  } catch (error) {
    return { failure: errorParts(error) };
  }
}

// Most packages' control archives are small enough for it.
void loadXzLibrary().then(() => parentPort?.postMessage({ isLoaded: true } satisfies UnpackAnswer));

parentPort?.on("message", async (request: UnpackRequest) => {
  if ("forget" in request) forget(request.forget);
  else parentPort?.postMessage(await work(request));
});
