/**
 * Garbage collection: removes what no root needs.
 *
 * While the collection lock is held alone, roots are read, garbage is renamed into a workspace below `.tmp`, each
 * path before what it needs, and its record removed after it. Nobody who begins to work then can have seen it as
 * there. Removing the trees takes longer and holds nobody up. A crash leaves every other path whole with all that
 * it needs; what was renamed is a leftover, which the next run that builds or collects removes.
 */
import { join } from "node:path";
import { lstatSync, readdirSync, removeTree, rmSync } from "../os/files.ts";
import { syncDirectory } from "../os/sync.ts";
import { storeNames } from "../paths.ts";
import { isPresent, prepareDirectory } from "./directory.ts";
import { diskUsage } from "./disk-usage.ts";
import { explainStoreFailure } from "./failures.ts";
import { removeOldIndices } from "./indices.ts";
import { type InfoRecord, infoFile, readInfo } from "./info.ts";
import { removeLog } from "./log.ts";
import { allNames } from "./names.ts";
import { processRoots } from "./process-roots.ts";
import { moveTree } from "./publish.ts";
import { dependentsFirst, inputNames, reachableFrom } from "./reachable.ts";
import { isStorePathName } from "./recipe.ts";
import { removeOldRepositories } from "./repositories.ts";
import { linkRoots, type Root, registeredRoots } from "./roots.ts";
import { lockCollection, openTemporaryRoots, readTemporaryRoots } from "./temporary-roots.ts";
import { openWorkspace } from "./workspace.ts";

/** What is collected. */
export interface CollectOptions {
  /** Links whose targets are kept, beside the registered ones. */
  readonly links: readonly string[];
  /** Paths younger than so many milliseconds are kept, with what they need. */
  readonly olderThan?: number;
  /** Whether what kept paths are built from is kept as well. */
  readonly keepInputs: boolean;
  /** Only tells what would be removed. */
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal;
  /** Called as trees are removed. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** What was removed, or would be. */
export interface Collected {
  /** Names of store paths, each before what it needs. */
  readonly removed: readonly string[];
  /** Bytes on the disk that this frees: a file that other paths share by hard links frees nothing. */
  readonly freed: number;
  readonly kept: number;
  /** Downloaded indices that went too. */
  readonly indices: number;
  /** Repositories of projects that went too. */
  readonly repositories: number;
}

/** What is garbage, and why the rest is none. */
interface Decision {
  readonly garbage: readonly string[];
  readonly kept: number;
}

/** Collects. Errors: `permission-denied`, and `store-invalid` for a damaged record of a path that is kept. */
export async function collectGarbage(directory: string, options: CollectOptions): Promise<Collected> {
  prepareDirectory(directory);
  try {
    if (options.dryRun) return await tell(directory, options);
    await using roots = openTemporaryRoots(directory);
    await using workspace = await openWorkspace(directory, roots);
    const { garbage, kept } = await moveGarbage(directory, workspace.directory, options);
    const trees = garbage.map((name) => join(workspace.directory, name));
    const freed = await diskUsage(trees);
    for (const [done, tree] of trees.entries()) {
      options.onProgress?.(done, trees.length);
      await removeTree(tree);
    }
    return await withFetched(directory, options, { removed: garbage, freed, kept });
  } catch (error) {
    throw explainStoreFailure(directory, error);
  }
}

async function tell(directory: string, options: CollectOptions): Promise<Collected> {
  await using _ = await lockCollection(directory, options);
  const { garbage, kept } = await decide(directory, options);
  const freed = await diskUsage(garbage.map((name) => join(directory, name)));
  return await withFetched(directory, options, { removed: garbage, freed, kept });
}

/** Removes what was fetched and is no store path as well. */
async function withFetched(
  directory: string,
  options: CollectOptions,
  { removed, freed, kept }: Pick<Collected, "removed" | "freed" | "kept">,
): Promise<Collected> {
  const indices = removeOldIndices(directory, options);
  const repositories = await removeOldRepositories(directory, options);
  return {
    removed,
    freed: freed + indices.bytes + repositories.bytes,
    kept,
    indices: indices.count,
    repositories: repositories.count,
  };
}

async function moveGarbage(directory: string, to: string, options: CollectOptions): Promise<Decision> {
  await using _ = await lockCollection(directory, options.signal ? { signal: options.signal } : {});
  const decision = await decide(directory, options);
  for (const name of decision.garbage) {
    options.signal?.throwIfAborted();
    if (lstatSync(join(directory, name), { throwIfNoEntry: false })) {
      moveTree(join(directory, name), join(to, name));
    }
    rmSync(infoFile(directory, name), { force: true });
    removeLog(directory, name);
  }
  removeClaims(directory, await readTemporaryRoots(directory));
  syncDirectory(directory);
  return decision;
}

/** Claims of the dead, on paths that nobody works with: who will want one adds a temporary root first, and waits for us. */
function removeClaims(directory: string, working: readonly string[]): void {
  const parent = join(directory, storeNames.locks);
  const used = new Set(working);
  for (const name of readdirSync(parent)) {
    if (isStorePathName(name) && !used.has(name)) rmSync(join(parent, name), { force: true });
  }
}

async function decide(directory: string, options: CollectOptions): Promise<Decision> {
  const names = allNames(directory);
  const records = recordsOf(directory);
  const temporary = await readTemporaryRoots(directory);
  const working = new Set(temporary);
  const kept = reachableFrom(
    [
      ...temporary,
      ...permanentRoots(directory, options).map(({ name }) => name),
      ...processRoots(directory, new Set(names)).map(({ name }) => name),
      ...youngNames(names, records, options.olderThan),
    ],
    records,
    { inputs: options.keepInputs },
  );
  const garbage = names.filter((name) => !kept.has(name) && !working.has(name));
  return {
    garbage: dependentsFirst(garbage, (name) => needsOf(directory, name)),
    kept: names.length - garbage.length,
  };
}

/** What is kept whoever is at work: registered links, and those that the caller names. */
function permanentRoots(
  directory: string,
  { links, dryRun }: Pick<CollectOptions, "links" | "dryRun">,
): Root[] {
  return [...registeredRoots(directory, { forget: !dryRun }), ...linkRoots(directory, links)];
}

/** Records of what is there, each read once. */
function recordsOf(directory: string): (name: string) => InfoRecord | undefined {
  const read = new Map<string, InfoRecord | undefined>();
  return (name) => {
    if (!read.has(name)) read.set(name, isPresent(directory, name) ? readInfo(directory, name) : undefined);
    return read.get(name);
  };
}

function youngNames(
  names: readonly string[],
  records: (name: string) => InfoRecord | undefined,
  olderThan: number | undefined,
): string[] {
  if (olderThan === undefined) return [];
  const since = Date.now() - olderThan;
  return names.filter((name) => {
    try {
      return Date.parse(records(name)?.time ?? "") > since;
    } catch {
      // Whether a damaged record matters is decided when something needs it.
      return false;
    }
  });
}

/** Of garbage a damaged record only costs the order. */
function needsOf(directory: string, name: string): readonly string[] {
  try {
    const record = readInfo(directory, name);
    return [...record.references, ...inputNames(record)];
  } catch {
    return [];
  }
}
