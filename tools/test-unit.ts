/**
 * Runs the unit tests: `npm run test:unit`. Most of their time goes into starting processes and waiting for disks, so
 * rooms whose tests leave nothing in their process share one, and temporary files are in memory where there is room.
 */
import { type SpawnOptions, spawn } from "node:child_process";
import { accessSync, constants, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { makeProgram } from "./bundle.ts";

const ROOT = resolve(import.meta.dirname, "..");

/**
 * Rooms whose tests have a process for each file: they wait for others, or change their process. Those of all other rooms
 * change neither environment, directory nor modules of the one that they share.
 */
const APART = ["cli", "config", "control", "os", "runner", "store"].join("|");

/** Where POSIX keeps files in memory on Linux (shm_overview(7)). */
const MEMORY = "/dev/shm";

/** What the tests write at most, with a margin, in bytes: containers often have 64 MiB there. */
const NEEDED = 1 << 30;

function temporaryPlace(): string {
  try {
    accessSync(MEMORY, constants.W_OK);
    const { bavail, bsize } = statfsSync(MEMORY);
    if (bavail * bsize >= NEEDED) return MEMORY;
  } catch {
    // There is none.
  }
  return tmpdir();
}

/** Lets tests start the program's children and threads as the package has them. */
const HOOKS = join(import.meta.dirname, "packaged-program-files.ts");

/** The program as it is in the package: from its sources each start takes three times as long. */
const program = await makeProgram(join(ROOT, "node_modules/.cache/program"));

/** Exit status of a run of the test runner. Its output comes at once: as it is written, or at the end. */
function runTests(args: readonly string[], isHeldBack: boolean): Promise<number> {
  const options: SpawnOptions = {
    cwd: ROOT,
    env: {
      ...process.env,
      // Temporary projects need not be kept.
      MICROVM_EVAL_CACHE: "0",
      MICROVM_TEST_PROGRAM: program,
      NODE_COMPILE_CACHE: join(ROOT, "node_modules/.cache/node"),
      TMPDIR: process.env.TMPDIR ?? temporaryPlace(),
    },
    stdio: ["ignore", isHeldBack ? "pipe" : "inherit", "inherit"],
  };
  const child = spawn(process.execPath, ["--import", HOOKS, "--test", ...args], options);
  const output: Buffer[] = [];
  child.stdout?.on("data", (piece: Buffer) => output.push(piece));
  return new Promise((done, fail) => {
    child.on("error", fail);
    child.on("close", (code) => {
      process.stdout.write(Buffer.concat(output));
      done(code ?? 1);
    });
  });
}

const statuses = await Promise.all([
  runTests(["--test-isolation=none", `src/!(${APART})/**/*.test.ts`], true),
  runTests(
    ["--test-concurrency=2", `src/@(${APART})/**/*.test.ts`, "src/*.test.ts", "tools/**/*.test.ts"],
    false,
  ),
]);
process.exitCode = Math.max(...statuses);
