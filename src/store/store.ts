/**
 * The store: a directory of immutable outputs, each named by the recipe that made it.
 *
 *     <store>/<hash>-<name>              a store path: file, directory or link; counts when it has a record
 *     <store>/.info/<hash>-<name>.json   its info record; there once the path is whole and on the disk
 *     <store>/.tmp/<unique>/             unfinished builds of one run, and `<unique>.lock`, held while it lives
 *     <store>/.locks/<hash>-<name>       who makes this path: see `claims.ts`
 *     <store>/.temproots, .gcroots       what garbage collection keeps: see `temporary-roots.ts` and `roots.ts`
 *
 * A build writes to `.tmp`, on the same file system. When it is done, times are set to a constant, modes made
 * canonical without any write permission (unless the recipe keeps them: `exactModes`), the tree digested,
 * and renamed into place; once it is on the disk, its record follows. A crash at any instant leaves the whole path, or
 * nothing that counts: what it leaves in `.tmp` is removed by the next run that builds, a tree without a record when it
 * is made again or garbage is collected. What protects paths once they are there is
 * their owner and, for all but `exactModes`, the absence of write permission.
 */
import { join, resolve } from "node:path";
import { isPresent, prepareDirectory } from "./directory.ts";
import { type InfoRecord, readInfo } from "./info.ts";
import { type PlanSummary, summarisePlan } from "./plan-summary.ts";
import { type RealiseOptions, realise } from "./realise.ts";
import { type Recipe, storePathName } from "./recipe.ts";
import { summariseTree } from "./tree.ts";

/** A store path, by what makes it or by its name. */
type Addressed = Recipe | string;

/** Functions bound to one directory. */
export interface Store {
  /** Absolute. */
  readonly directory: string;
  /** Creates the store, for its owner only, when it is not there yet. Errors as for `realise`. */
  prepare(): void;
  /** The absolute path of a store path, there or not. */
  pathOf(path: Addressed): string;
  /** Whether it is there, whole. */
  has(path: Addressed): boolean;
  /** Its info record; none or a damaged one is an error (`store-invalid`). */
  info(name: string): InfoRecord;
  /**
   * Makes sure that the output and what it needs at run time are there; gives the output's absolute path. Of
   * several failures the first is thrown, after all running builders have ended: `build-failed`,
   * `checksum-mismatch`, `no-space`, `permission-denied`, `store-invalid`, or a builder's own.
   */
  realise(recipe: Recipe, options: RealiseOptions): Promise<string>;
  /** The same for several at once. */
  realiseAll(recipes: readonly Recipe[], options: RealiseOptions): Promise<readonly string[]>;
  /** What realising would do now. */
  planSummary(...recipes: readonly Recipe[]): PlanSummary;
  /** Compares the path with its digest, by reading all of it. */
  verify(name: string): Promise<Verification>;
  /** These paths and all that they need at run time, by the info records; names, sorted. */
  closure(names: readonly string[]): string[];
}

/** Digests, in hexadecimal. */
interface Verification {
  readonly intact: boolean;
  readonly expected: string;
  readonly found: string;
}

/** A store in this directory. Nothing is read or created until it is used. */
export function openStore(directory: string): Store {
  const state = { directory: resolve(directory), making: new Map<string, Promise<void>>() };
  const nameOf = (path: Addressed) => (typeof path === "string" ? path : storePathName(path));
  const has = (path: Addressed) => isPresent(state.directory, nameOf(path));
  const info = (name: string) => readInfo(state.directory, name);
  const pathOf = (path: Addressed) => join(state.directory, nameOf(path));
  return {
    directory: state.directory,
    prepare: () => prepareDirectory(state.directory),
    pathOf,
    has,
    info,
    realise: async (recipe, options) => (await realise(state, [recipe], options))[0]!,
    realiseAll: (recipes, options) => realise(state, recipes, options),
    planSummary: (...recipes) => summarisePlan(recipes, has),
    async verify(name) {
      const expected = info(name).digest;
      const found = (await summariseTree(pathOf(name))).digest;
      return { intact: found === expected, expected, found };
    },
    closure: (names) => closureOf(names, info),
  };
}

function closureOf(names: readonly string[], info: Store["info"]): string[] {
  const reached = new Set(names);
  for (const name of reached) {
    for (const reference of info(name).references) reached.add(reference);
  }
  return [...reached].sort();
}
