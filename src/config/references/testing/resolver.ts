/** Resolving references with a store of a test's own, and what goes wrong with it. */
import { join } from "node:path";
import type { TestContext } from "node:test";
import { MicrovmError } from "../../../errors.ts";
import { temporaryDirectory } from "../../../os/testing/temporary-directory.ts";
import type { PinnedReference } from "../../find-project.ts";
import { resolveReference } from "../resolve.ts";

/** Files of a project that has nothing. */
export const CONFIG = { "microvm.config.ts": "export default {};" };

/** Resolves with a store of the test's own; `said` is what was told meanwhile. */
export function resolver(t: TestContext) {
  const storeDirectory = join(temporaryDirectory(t), "store");
  const said: string[] = [];
  const resolve = (text: string, pinned?: PinnedReference) =>
    resolveReference(text, {
      storeDirectory,
      pinned,
      onProgress: (step) => said.push(step),
      onWarning: (warning) => said.push(warning),
    });
  return { resolve, said, storeDirectory };
}

/** The error that some work ends with. */
export async function faultOf(work: Promise<unknown>): Promise<MicrovmError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof MicrovmError) return error;
  throw new Error(`not refused as it should be: ${error}`);
}
