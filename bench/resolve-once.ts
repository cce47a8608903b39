/**
 * One resolution in a process of its own: `resolve-once.ts MIRROR INDICES-DIRECTORY NAME…`. Prints how long the
 * call took in milliseconds, without starting Node and loading the program, and how many packages were chosen.
 */
import { lockPackages } from "../src/packages/debian/lock-packages.ts";
import { debian } from "../src/packages/debian/package-set.ts";

const [mirror = null, indicesDirectory = "", ...wanted] = process.argv.slice(2);
const set = debian({ suite: "trixie", architecture: "amd64", mirror, updates: false, security: false });
const start = performance.now();
const { packages } = await lockPackages({
  set,
  requests: [{ key: "all", wanted, essential: true }],
  indicesDirectory,
});
const milliseconds = performance.now() - start;
process.stdout.write(JSON.stringify({ milliseconds, count: packages.all!.length }));
