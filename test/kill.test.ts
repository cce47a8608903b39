/**
 * Builds that are killed, at random instants, and one that is asked to stop: whatever was in the store is whole, the
 * next build goes on from there, and nothing of them is left.
 * MICROVM_TEST_KILLS says how many kills (default 8, about a minute); MICROVM_TEST_SEED, which instants.
 */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { randomOf } from "../src/module-system/testing/random.ts";
import { removeTree } from "../src/os/files.ts";
import { spawn } from "../src/os/processes.ts";
import { presentNames } from "../src/store/names.ts";
import { verifyPaths } from "../src/store/verify.ts";
import {
  environment,
  guestProject,
  microvm,
  PROGRAM,
  STORE,
  STORE_SHARE,
  startMicrovm,
  temporaryDirectory,
} from "./support.ts";

const KILLS = Number(process.env.MICROVM_TEST_KILLS ?? 8);
const SEED = Number(process.env.MICROVM_TEST_SEED ?? 1);

/** Milliseconds that a cold build takes on two cores. Half of the instants lie in its first quarter. */
const COLD_BUILD = 12_000;

const store = join(temporaryDirectory(), "store");
const directory = guestProject(`microvm: { ${STORE_SHARE} }, environment: { packages: ["tree"] }`);
const random = randomOf(SEED);

/** Builds until the instant; tells the exit status, or that the build was killed before its end. */
async function buildUntil(milliseconds: number): Promise<number | "killed"> {
  const child = spawn(PROGRAM[0]!, [...PROGRAM.slice(1), "build", "--quiet", directory], {
    env: environment({ MICROVM_STORE: store }),
    stdio: ["ignore", "ignore", "pipe"],
  });
  let complaint = "";
  child.stderr!.on("data", (text) => {
    complaint += text;
  });
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const instant = new AbortController();
  const code = await Promise.race([
    exited,
    setTimeout(milliseconds, "killed" as const, { signal: instant.signal }),
  ]);
  instant.abort();
  if (code !== "killed") {
    assert.equal(code, 0, complaint);
    return 0;
  }
  child.kill("SIGKILL");
  // What ended by itself in the meantime was not killed.
  return (await exited) === null ? "killed" : 0;
}

/** Processes that have the store in their command line or as their place. */
function processesOfStore(): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
        return line.includes(store) ? [`${pid} ${line}`] : [];
      } catch {
        return [];
      }
    });
}

/** The kernel takes a moment to end a tree of processes. */
async function assertNothingRuns(): Promise<void> {
  for (let tries = 0; tries < 500 && processesOfStore().length > 0; tries++) await setTimeout(10);
  assert.deepEqual(processesOfStore(), []);
  assert.ok(!readFileSync("/proc/self/mounts", "utf8").includes(store));
}

async function assertIntact(): Promise<void> {
  const names = existsSync(store) ? presentNames(store) : [];
  const verdicts = await verifyPaths(store, names);
  assert.deepEqual(
    verdicts.filter(({ status }) => status !== "intact"),
    [],
  );
}

/** A tree that was not on the disk yet when its build was killed has no record. Whoever makes it again replaces it. */
function assertAllRecorded(): void {
  const all = readdirSync(store).filter((name) => !name.startsWith("."));
  assert.deepEqual(all.sort(), presentNames(store));
}

/** Digests of what does not depend on the project's own directory. */
function digests(place: string): Record<string, string> {
  const kept = presentNames(place).filter((name) =>
    /-(base|services|packages|kernel|initrd|vmlinux)$/.test(name),
  );
  const read = (name: string) => JSON.parse(readFileSync(join(place, ".info", `${name}.json`), "utf8"));
  return Object.fromEntries(kept.map((name) => [name, read(name).digest]));
}

test(`a build killed at ${KILLS} random instants leaves a store that is intact and good for the next`, async (context) => {
  let finished = 0;
  for (let kills = 0; kills < KILLS; ) {
    const isEarly = random(3) === 0;
    const outcome = await buildUntil(100 + random(isEarly ? COLD_BUILD / 4 : COLD_BUILD));
    await assertNothingRuns();
    await assertIntact();
    if (outcome === "killed") {
      kills++;
      continue;
    }
    finished++;
    await removeTree(store);
  }
  context.diagnostic(`${KILLS} kills, ${finished} builds that finished between them`);

  const last = await microvm(["build", "--quiet", directory], { MICROVM_STORE: store });
  assert.equal(last.code, 0, last.stderr);
  await assertIntact();
  assertAllRecorded();
  assert.deepEqual(readdirSync(join(store, ".tmp")), []);
  const undisturbed = await microvm(["build", "--quiet", directory]);
  assert.equal(undisturbed.code, 0, undisturbed.stderr);
  const here = digests(store);
  const there = digests(STORE);
  assert.equal(Object.keys(here).length, 5, Object.keys(here).join("\n"));
  for (const [name, digest] of Object.entries(here)) assert.equal(digest, there[name], name);
});

test("a build that is asked to stop says so, and leaves no process and no mount", async () => {
  await removeTree(store);
  const build = startMicrovm(["build", directory], { MICROVM_STORE: store });
  await build.until(/trixie-base: configuring/);
  build.child.kill("SIGTERM");
  assert.equal(await build.exited, 128 + 15);
  assert.match(build.output(), /^stopped$/m);
  assert.deepEqual(processesOfStore(), []);
  assert.ok(!readFileSync("/proc/self/mounts", "utf8").includes(store));
});
