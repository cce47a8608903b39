import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { runToEnd } from "../../os/processes.ts";

const POOL = fileURLToPath(new URL("unpack-pool.ts", import.meta.url));

test("a process that ends while its threads start ends as it is told to", async () => {
  for (const wait of [0, 50, 100, 150, 200, 250, 300]) {
    const program = `
      const { startUnpackThreads } = await import(${JSON.stringify(POOL)});
      startUnpackThreads();
      await new Promise((resolve) => setTimeout(resolve, ${wait}));
      process.exitCode = 3;
    `;
    const { code, stderr } = await runToEnd([process.execPath, "--input-type=module", "--eval", program]);
    assert.deepEqual([code, stderr.toString()], [3, ""], `after ${wait} ms`);
  }
});
