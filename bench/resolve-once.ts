/**
 * One resolution in a process of its own: `resolve-once.ts MIRROR INDICES-DIRECTORY LOCK NAME…`. The state of the
 * archive is that of the file LOCK, where there is one, and is fetched and written there otherwise. Prints how long the
 * call took in milliseconds, without starting Node and loading the program, and how many packages were chosen.
 */
import { existsSync, readFileSync, writeFileSync } from "../src/os/files.ts";
import { lockPackages } from "../src/packages/debian/lock-packages.ts";
import { debian } from "../src/packages/debian/package-set.ts";
import { EMPTY_LOCK, formatLock, parseLock } from "../src/packages/lock.ts";

const [mirror = null, indicesDirectory = "", lockFile = "", ...wanted] = process.argv.slice(2);
const set = debian({ suite: "trixie", architecture: "amd64", mirror, updates: false, security: false });
const isLocked = existsSync(lockFile);
const before = isLocked ? parseLock(readFileSync(lockFile, "utf8"), lockFile) : EMPTY_LOCK;
const start = performance.now();
const { packages, lock } = await lockPackages({
  set,
  requests: [{ key: "all", wanted, essential: true }],
  lock: before,
  indicesDirectory,
});
const milliseconds = performance.now() - start;
process.stdout.write(JSON.stringify({ milliseconds, count: packages.all!.length }));
if (!isLocked) writeFileSync(lockFile, formatLock(lock));
