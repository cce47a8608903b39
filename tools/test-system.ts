/**
 * Runs the system tests, all or those of some files: `npm run test:system [-- FILE…]`. They start the program some
 * thousand times, as it is in the package: from its sources each start takes three times as long.
 */
import { spawnSync } from "node:child_process";
import { join, resolve } from "node:path";
import { makeProgram } from "./bundle.ts";

const ROOT = resolve(import.meta.dirname, "..");

const files = process.argv.slice(2);
const program = await makeProgram(join(ROOT, "node_modules/.cache/program"));
const { status, error } = spawnSync(
  process.execPath,
  ["--test", "--test-concurrency=2", ...(files.length > 0 ? files : ["test/**/*.test.ts"])],
  { cwd: ROOT, stdio: "inherit", env: { ...process.env, MICROVM_TEST_PROGRAM: program } },
);
if (error) throw error;
process.exitCode = status ?? 1;
