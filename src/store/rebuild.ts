/** Building a store path anew, apart from the store, from its own record and what the store has of its inputs. */
import { join } from "node:path";
import { MicrovmError } from "../errors.ts";
import { canReadAttributes, readAttributes } from "../os/attributes.ts";
import { removeTree } from "../os/files.ts";
import { type Builders, makeJob, scratchOf } from "./builder.ts";
import { isPresent } from "./directory.ts";
import type { Progress } from "./events.ts";
import { explainBuildFailure } from "./failures.ts";
import { fileChanges } from "./file-changes.ts";
import { readInfo } from "./info.ts";
import { openLog } from "./log.ts";
import { finish } from "./publish.ts";
import { allInputs, type Recipe, recipeOf, storePathName } from "./recipe.ts";

/** Where and with what paths are built anew. */
export interface RebuildSetting {
  readonly storeDirectory: string;
  readonly builders: Builders;
  /** A directory of the caller's, on the file system of the store. */
  readonly workspace: string;
  readonly signal: AbortSignal;
  readonly onProgress: (name: string, progress: Progress) => void;
}

/** A path that was built anew; disposing of it removes the tree. */
export interface Rebuilt extends AsyncDisposable {
  /** Absolute path of the new tree. */
  readonly tree: string;
  /** Of the new tree. */
  readonly digest: string;
}

/**
 * The recipe that made a store path, by its record. Errors (`store-invalid`): the record is damaged, or is not
 * that of this path, or an input is not in the store.
 */
export function recordedRecipe(storeDirectory: string, name: string): Recipe {
  const recipe = recipeOf(readInfo(storeDirectory, name).recipe);
  checkRecord(recipe, name);
  for (const input of allInputs(recipe)) {
    const inputName = storePathName(input);
    if (isPresent(storeDirectory, inputName)) continue;
    throw new MicrovmError("store-invalid", `its input "${inputName}" is not in the store`, {
      hint: "Build the VM that needs it",
    });
  }
  return recipe;
}

/** A store path's name says what its recipe is: a record with another one is not this path's (`store-invalid`). */
export function checkRecord(recipe: Recipe, name: string): void {
  let recorded: string | undefined;
  try {
    recorded = storePathName(recipe);
  } catch {
    // What is no recipe has no name.
  }
  if (recorded !== name) {
    throw new MicrovmError("store-invalid", `The record of "${name}" has another recipe than its name says`);
  }
}

/** Builds a path anew. Errors: as `recordedRecipe`, `build-failed`, `checksum-mismatch`, or the builder's own. */
export async function rebuild(setting: RebuildSetting, name: string): Promise<Rebuilt> {
  const { storeDirectory, builders, workspace, signal, onProgress } = setting;
  const recipe = recordedRecipe(storeDirectory, name);
  const builder = Object.hasOwn(builders, recipe.kind) ? builders[recipe.kind] : undefined;
  if (!builder) {
    throw new MicrovmError("unsupported", `this version builds nothing of the kind "${recipe.kind}"`);
  }
  const log = openLog(storeDirectory, name);
  const job = makeJob({
    arrivals: new Map(),
    recipe,
    storeDirectory,
    directory: workspace,
    signal,
    report: (progress) => onProgress(name, progress),
    log: log.write,
  });
  const dispose = () => removeTree(job.out);
  try {
    await builder(job);
    signal.throwIfAborted();
    const { digest } = await finish(recipe, job.out);
    return { tree: job.out, digest, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw signal.aborted ? signal.reason : explainBuildFailure(recipe, error, log);
  } finally {
    log.close();
    await removeTree(scratchOf(workspace, name));
  }
}

/**
 * What differs between a store path and its rebuild, for a person: where, and what; undefined when nothing does.
 * Extended attributes count where they can be read.
 */
export async function firstDifference(
  storeDirectory: string,
  name: string,
  { tree }: Rebuilt,
): Promise<string | undefined> {
  const [change] = await fileChanges(join(storeDirectory, name), tree, 1);
  if (change) return `"/${change.path}": ${change.what}`;
  if (!(await canReadAttributes())) return undefined;
  const [stored, built] = await Promise.all([
    readAttributes(join(storeDirectory, name)),
    readAttributes(tree),
  ]);
  for (const path of [...new Set([...stored.keys(), ...built.keys()])].sort()) {
    const [one, other] = [stored, built].map((attributes) => shown(attributes.get(path)));
    if (one !== other) return `"/${path}": attributes ${one} and ${other}`;
  }
  return undefined;
}

function shown(attributes: Readonly<Record<string, string>> | undefined): string {
  const pairs = Object.entries(attributes ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return pairs.length === 0 ? "none" : pairs.map(([name, value]) => `${name}=${value}`).join(" ");
}
