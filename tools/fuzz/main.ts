/**
 * `npm run fuzz -- TARGET… [--seconds N] [--seed N]`: fuzzes parsers, each in a thread of its own, guided by which
 * inputs lead to new code. A fault, a hang or too much memory ends it, and the input is written to a file.
 * `npm run fuzz -- TARGET --replay FILE` shows what an input does.
 */
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { faultOf, TARGETS, type Target } from "./targets.ts";
import type { FuzzResult, FuzzWork } from "./worker.ts";

/** Milliseconds that one input may take: thousands of times what the slowest take. */
const HANG = 10_000;

/** MiB that a thread's objects may take, beyond which it is ended. */
const MEMORY = 512;

/** Bytes for the input at hand, and before it its length and number. */
const SHARED = 8 + 128 * 1024;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: "string", default: "60" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    replay: { type: "string" },
  },
});

const chosen = positionals.length === 0 ? TARGETS : positionals.map(targetOf);
for (const target of chosen) {
  if (values.replay !== undefined)
    console.log((await faultOf(target, readFileSync(values.replay))) ?? "no fault");
  else if (!(await fuzz(target))) process.exitCode = 1;
}

function targetOf(name: string): Target {
  const found = TARGETS.find((target) => target.name === name);
  if (found) return found;
  console.error(`No target "${name}"; there are: ${TARGETS.map((target) => target.name).join(", ")}`);
  process.exit(2);
}

/** Whether the target did what it should. */
async function fuzz({ name }: Target): Promise<boolean> {
  const shared = new SharedArrayBuffer(SHARED);
  const seed = Number(values.seed);
  const work: FuzzWork = { target: name, seed, milliseconds: Number(values.seconds) * 1000, shared };
  const worker = new Worker(new URL("./worker.ts", import.meta.url), {
    workerData: work,
    resourceLimits: { maxOldGenerationSizeMb: MEMORY },
  });
  const exited = new Promise((resolve) => worker.once("exit", resolve));
  const outcome = await Promise.race([
    new Promise<FuzzResult>((resolve) => worker.once("message", resolve)),
    new Promise<Error>((resolve) => worker.once("error", resolve)),
    hang(shared, worker),
  ]);
  if (outcome instanceof Error) {
    await worker.terminate();
    return report(name, atHand(shared), outcome.message);
  }
  // By itself, so that it takes its files with it.
  await exited;
  const { runs, inputs, blocks, fault } = outcome;
  console.log(`${name}: ${runs} inputs with seed ${seed}, ${inputs} kept, ${blocks} blocks of code reached`);
  return fault ? report(name, Buffer.from(fault.input), fault.text) : true;
}

/** Fulfilled when the number of the input at hand stays the same for too long. */
function hang(shared: SharedArrayBuffer, worker: Worker): Promise<Error> {
  const counter = new Int32Array(shared, 4, 1);
  return new Promise((resolve) => {
    let last = 0;
    const timer = setInterval(() => {
      if (counter[0] === last && last > 0) resolve(new Error(`No answer within ${HANG / 1000} s`));
      last = counter[0]!;
    }, HANG);
    worker.once("exit", () => clearInterval(timer));
  });
}

function atHand(shared: SharedArrayBuffer): Buffer {
  const [length = 0] = new Int32Array(shared, 0, 1);
  return Buffer.from(shared.slice(8, 8 + length));
}

function report(name: string, input: Buffer, text: string): false {
  const digest = createHash("sha256").update(input).digest("hex").slice(0, 12);
  const file = join(tmpdir(), `microvm-fuzz-${name}-${digest}`);
  writeFileSync(file, input);
  console.error(`${name}: ${text}\nThe input is in ${file}: npm run fuzz -- ${name} --replay ${file}`);
  return false;
}
