/**
 * Each parser with some mutations of what it knows, the same in every run. MICROVM_FUZZ_RUNS says how many (default
 * 300); `npm run fuzz` does it for longer, and keeps what leads it to new code.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { pick, randomOf } from "../../src/module-system/testing/random.ts";
import { mutate } from "./mutate.ts";
import { faultOf, TARGETS } from "./targets.ts";

const RUNS = Number(process.env.MICROVM_FUZZ_RUNS ?? 300);

for (const target of TARGETS) {
  test(`${target.name}: what is mutated is read or refused`, async () => {
    const random = randomOf(7);
    const inputs = [...(await target.seeds())];
    for (const input of inputs) assert.equal(await faultOf(target, input), undefined);
    for (let run = 0; run < RUNS; run++) {
      const mutated = mutate(pick(random, inputs), pick(random, inputs), target.words, random);
      const input = target.repair && random(4) > 0 ? target.repair(mutated) : mutated;
      const fault = await faultOf(target, input);
      if (fault !== undefined) assert.fail(`${input.toString("base64")}: ${(fault as Error).stack}`);
      // What was changed is changed further.
      inputs[inputs.length > 50 ? random(inputs.length) : inputs.length] = input;
    }
  });
}

test("a fault of a parser is told from a refusal", async () => {
  const faulty = { ...TARGETS[0]!, run: () => JSON.parse("{") };
  assert.ok((await faultOf(faulty, Buffer.alloc(0))) instanceof SyntaxError);
});
