/**
 * Verification: whether store paths are what was built.
 *
 *   digest    what lies there is read and compared with the record
 *   record    the record's recipe is the one that the path's name was made from, and what it needs is there
 *   rebuild   built anew from its inputs, the path comes out the same
 *   repair    a damaged path is built or fetched anew, and takes the other's place when its digest is the recorded one
 */
import { join } from "node:path";
import { MicrovmError, messageOf, systemCode } from "../errors.ts";
import { exchangeTrees } from "../os/exchange.ts";
import { chmodSync, lstatSync } from "../os/files.ts";
import { syncFileSystem } from "../os/sync.ts";
import { digestAttributes } from "./attributes-digest.ts";
import type { Builders } from "./builder.ts";
import { claimPath } from "./claims.ts";
import { type DigestPool, openDigestPool } from "./digest-pool.ts";
import { isPresent, prepareDirectory } from "./directory.ts";
import type { Progress } from "./events.ts";
import { explainStoreFailure } from "./failures.ts";
import { readInfo } from "./info.ts";
import { dependentsFirst } from "./reachable.ts";
import { checkRecord, firstDifference, type RebuildSetting, type Rebuilt, rebuild } from "./rebuild.ts";
import { allInputs, recipeOf, storePathName } from "./recipe.ts";
import { openTemporaryRoots, type TemporaryRoots } from "./temporary-roots.ts";
import { openWorkspace } from "./workspace.ts";

/** What became of one path. */
export interface PathVerdict {
  readonly name: string;
  /**
   * `differs`: it is what was built, and building it anew gives something else. `not-rebuilt`: it is what was
   * built, and cannot be built anew here.
   */
  readonly status: "intact" | "damaged" | "repaired" | "differs" | "not-rebuilt";
  /** What is wrong, or was, for a person. */
  readonly detail?: string;
  /** Why it was not repaired. */
  readonly repair?: string;
}

/** What is verified, and how. */
export interface VerifyOptions {
  readonly repair?: boolean;
  readonly rebuild?: boolean;
  /** For `repair` and `rebuild`. */
  readonly builders?: Builders;
  readonly signal?: AbortSignal;
  /** Called before each path, and as builders report. */
  readonly onProgress?: (done: number, total: number, name: string, progress?: Progress) => void;
}

/** One run. */
interface Run extends RebuildSetting {
  readonly options: VerifyOptions;
  readonly pool: DigestPool;
  readonly roots: TemporaryRoots;
}

/** Verifies these paths, by name; the verdicts are in the order of the names. Paths that go meanwhile are left out. */
export async function verifyPaths(
  storeDirectory: string,
  names: readonly string[],
  options: VerifyOptions = {},
): Promise<PathVerdict[]> {
  const writes = options.repair || options.rebuild;
  if (writes) prepareDirectory(storeDirectory);
  await using roots = openTemporaryRoots(storeDirectory);
  await roots.add(names);
  await using pool = openDigestPool(names.length);
  await using workspace = writes ? await openWorkspace(storeDirectory, roots) : undefined;
  let done = 0;
  const run: Run = {
    storeDirectory,
    options,
    pool,
    roots,
    builders: options.builders ?? {},
    workspace: workspace?.directory ?? "",
    signal: options.signal ?? new AbortController().signal,
    onProgress: (name, progress) => options.onProgress?.(done, names.length, name, progress),
  };
  const verdicts = new Map<string, PathVerdict>();
  const judge = async (name: string) => {
    run.signal.throwIfAborted();
    options.onProgress?.(done, names.length, name);
    const verdict = await judgePath(run, name);
    if (verdict) verdicts.set(name, verdict);
    done += 1;
  };
  try {
    if (!writes) await Promise.all(names.map(judge));
    // What others are built from is looked at, and repaired, before them.
    else for (const name of inputsFirst(storeDirectory, names)) await judge(name);
  } catch (error) {
    throw explainStoreFailure(storeDirectory, error);
  }
  return names.flatMap((name) => verdicts.get(name) ?? []);
}

function inputsFirst(storeDirectory: string, names: readonly string[]): string[] {
  const needs = (name: string) => {
    try {
      return allInputs(recipeOf(readInfo(storeDirectory, name).recipe)).map(storePathName);
    } catch {
      return [];
    }
  };
  return dependentsFirst(names, needs).reverse();
}

async function judgePath(run: Run, name: string): Promise<PathVerdict | undefined> {
  if (!isPresent(run.storeDirectory, name)) return undefined;
  const damage = await findDamage(run, name);
  if (damage !== undefined) {
    const repair = run.options.repair ? await repairPath(run, name) : undefined;
    if (run.options.repair && repair === undefined) return { name, status: "repaired", detail: damage };
    return { name, status: "damaged", detail: damage, ...(repair !== undefined && { repair }) };
  }
  if (!run.options.rebuild || readInfo(run.storeDirectory, name).recipe.fixed)
    return { name, status: "intact" };
  return await judgeRebuild(run, name);
}

/** What is wrong with a path, for a person; undefined when nothing is. */
async function findDamage({ storeDirectory, pool }: Run, name: string): Promise<string | undefined> {
  try {
    const { recipe, references, digest, attributes } = readInfo(storeDirectory, name);
    checkRecord(recipeOf(recipe), name);
    const missing = references.find((reference) => !isPresent(storeDirectory, reference));
    if (missing !== undefined) return `it needs "${missing}", which is not in the store`;
    const found = await pool.summarise(join(storeDirectory, name));
    if (found.digest !== digest) return `its digest should be "${digest}", it is "${found.digest}"`;
    const hasOthers = await hasOtherAttributes(join(storeDirectory, name), attributes);
    return hasOthers ? "its extended attributes are not those that were built" : undefined;
  } catch (error) {
    if (!(error instanceof MicrovmError) && systemCode(error) === undefined) throw error;
    return messageOf(error);
  }
}

/** Whether a tree has other attributes than those recorded, if any are; what cannot be read is not held against it. */
async function hasOtherAttributes(tree: string, recorded: string | undefined): Promise<boolean> {
  const found = recorded === undefined ? undefined : await digestAttributes(tree);
  return found !== undefined && found !== recorded;
}

async function judgeRebuild(run: Run, name: string): Promise<PathVerdict> {
  try {
    await using built = await rebuild(run, name);
    const difference = await firstDifference(run.storeDirectory, name, built);
    return difference === undefined
      ? { name, status: "intact" }
      : { name, status: "differs", detail: difference };
  } catch (error) {
    if (run.signal.aborted || !(error instanceof MicrovmError) || error.code === "no-space") throw error;
    return { name, status: "not-rebuilt", detail: error.message };
  }
}

/** Puts a rebuild into a damaged path's place. Tells, for a person, why that cannot be; undefined when it is done. */
async function repairPath(run: Run, name: string): Promise<string | undefined> {
  const { storeDirectory } = run;
  using _ = await claimPath(storeDirectory, name, run.roots, { signal: run.signal });
  try {
    await using built = await rebuild(run, name);
    const { digest, attributes } = readInfo(storeDirectory, name);
    if (built.digest !== digest || (await hasOtherAttributes(built.tree, attributes))) {
      const difference = await firstDifference(storeDirectory, name, built);
      return `built anew it is another one: ${difference ?? "its record is wrong"}`;
    }
    await replace(join(storeDirectory, name), built);
    const missing = readInfo(storeDirectory, name).references.find((one) => !isPresent(storeDirectory, one));
    return missing === undefined ? undefined : `"${missing}" must be built: build the VM that needs it`;
  } catch (error) {
    if (run.signal.aborted || !(error instanceof MicrovmError) || error.code === "no-space") throw error;
    return error.message;
  }
}

/** Directories change their ".." when they move, which takes write permission on them. */
async function replace(path: string, { tree }: Rebuilt): Promise<void> {
  await syncFileSystem(tree);
  const modes = [path, tree].map((one) => ({ one, stats: lstatSync(one) }));
  for (const { one, stats } of modes) if (stats.isDirectory()) chmodSync(one, stats.mode | 0o200);
  await exchangeTrees(tree, path);
  if (modes[1]!.stats.isDirectory()) chmodSync(path, modes[1]!.stats.mode);
}
