/**
 * Runs the system tests, all or those of some files: `npm run test:system [-- FILE…]`. They start the program some
 * thousand times, as it is in the package: from its sources each start takes three times as long.
 */
import { globSync } from "node:fs";
import { join, resolve } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { makeProgram } from "./bundle.ts";

const ROOT = resolve(import.meta.dirname, "..");

/** Files that take longest, begun first, so that none of them runs alone at the end. */
const LONGEST = [
  ...["services", "apt", "running-guest", "live", "arm64", "volumes", "web-and-database"],
  ...["host/live", "host/network", "networks/networks", "hardened-service", "network-and-users", "host/user"],
].map((name) => `test/${name}.test.ts`);

/** How many files run at once: as many guests are emulated, each by a processor. */
const AT_ONCE = 2;

function filesInOrder(): string[] {
  const named = process.argv.slice(2);
  if (named.length > 0) return named;
  const all = globSync("test/**/*.test.ts", { cwd: ROOT }).sort();
  return [...LONGEST.filter((file) => all.includes(file)), ...all.filter((file) => !LONGEST.includes(file))];
}

process.env.MICROVM_TEST_PROGRAM = await makeProgram(join(ROOT, "node_modules/.cache/program"));
run({ files: filesInOrder().map((file) => resolve(ROOT, file)), concurrency: AT_ONCE })
  .on("test:fail", () => {
    process.exitCode = 1;
  })
  .compose(new spec())
  .pipe(process.stdout);
