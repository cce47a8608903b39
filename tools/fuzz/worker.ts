/** The thread that fuzzes one target: see `main.ts`. */
import { parentPort, workerData } from "node:worker_threads";
import { pick, randomOf } from "../../src/module-system/testing/random.ts";
import { openCoverage } from "./coverage.ts";
import { mutate } from "./mutate.ts";
import { faultOf, TARGETS } from "./targets.ts";

/** What a thread is told. */
export interface FuzzWork {
  readonly target: string;
  readonly seed: number;
  readonly milliseconds: number;
  /** Where the input at hand lies, behind its length, for whoever finds the thread hanging. */
  readonly shared: SharedArrayBuffer;
}

/** What it tells. */
export interface FuzzResult {
  readonly runs: number;
  readonly inputs: number;
  readonly blocks: number;
  readonly fault?: { readonly input: Uint8Array; readonly text: string };
}

/** Inputs between two looks at the coverage, which take about as long as some of them. */
const BATCH = 200;

const { target: name, seed, milliseconds, shared } = workerData as FuzzWork;
const target = TARGETS.find((one) => one.name === name)!;
const random = randomOf(seed);
const length = new Int32Array(shared, 0, 2);
const place = new Uint8Array(shared, 8);
const inputs = [...(await target.seeds())];
const coverage = openCoverage();
let runs = 0;

/** The fault that an input shows, if any, as a text. */
async function tryInput(input: Buffer): Promise<string | undefined> {
  place.set(input);
  length[0] = input.length;
  length[1] = ++runs;
  const fault = await faultOf(target, input);
  return fault instanceof Error ? fault.stack : fault === undefined ? undefined : String(fault);
}

function nextInput(): Buffer {
  const mutated = mutate(pick(random, inputs), pick(random, inputs), target.words, random);
  return target.repair && random(4) > 0 ? target.repair(mutated) : mutated;
}

async function fuzz(): Promise<FuzzResult["fault"]> {
  for (const input of inputs) await tryInput(input);
  coverage.takeNew();
  for (const end = Date.now() + milliseconds; Date.now() < end; ) {
    const batch = Array.from({ length: BATCH }, nextInput);
    for (const input of batch) {
      const text = await tryInput(input);
      if (text !== undefined) return { input, text };
    }
    if (!coverage.hasNew()) continue;
    // One of them led to new code: alone, each shows whether it was that one.
    for (const input of batch) {
      await tryInput(input);
      if (coverage.takeNew() > 0) inputs.push(input);
    }
  }
  return undefined;
}

const fault = await fuzz();
parentPort!.postMessage({
  runs,
  inputs: inputs.length,
  blocks: coverage.count(),
  ...(fault && { fault }),
} satisfies FuzzResult);
