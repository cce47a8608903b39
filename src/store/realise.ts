/**
 * Realising: from a recipe to its output in the store.
 *
 *   there already ──▶ only its run-time references are looked at, its build inputs are not
 *   missing ──▶ inputs, in parallel ──▶ a place among the running builds ──▶ the path's claim ──▶ build ──▶ in its place
 *   in its place ──▶ what the run makes of it goes on; the tree gives its place among the builds back
 *                ──▶ on the disk, together with others ──▶ recorded, after what it needs: now it counts
 *
 * An eager builder is not kept waiting for its fixed inputs; it waits for each itself. These need nothing else, so
 * that they come even while it holds a place. The place comes before the claim: a process never waits for a place
 * while others wait for its claim.
 */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { removeTree } from "../os/files.ts";
import { sharedSync } from "../os/sync.ts";
import { type Builder, type Builders, makeJob, scratchOf } from "./builder.ts";
import { claimPath } from "./claims.ts";
import { isPresent, prepareDirectory, syncNames } from "./directory.ts";
import type { StoreEvent } from "./events.ts";
import { explainBuildFailure, explainStoreFailure } from "./failures.ts";
import { type Limiter, limiter } from "./limiter.ts";
import { openLog } from "./log.ts";
import { place } from "./publish.ts";
import { allInputs, graphOf, type Recipe, runtimeInputs, storePathName } from "./recipe.ts";
import { openTemporaryRoots, type TemporaryRoots } from "./temporary-roots.ts";
import { openWorkspace, type Workspace } from "./workspace.ts";

/** How a recipe is realised. */
export interface RealiseOptions {
  readonly builders: Builders;
  /** Ends the run with the signal's reason; running builders are told and waited for. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: StoreEvent) => void;
  readonly concurrency?: {
    /** Fixed files at once; default 8, which keeps one mirror's line full without troubling it. */
    readonly fetches?: number;
    /** Other builds at once; default: one more than the processors that this process may use, since one may wait. */
    readonly builds?: number;
  };
  /**
   * What keeps the paths from garbage collection, beyond the end of the run for as long as the caller holds it.
   * Default: roots that end with the run.
   */
  readonly roots?: TemporaryRoots;
}

/** What every run on one store shares. */
export interface StoreState {
  readonly directory: string;
  /** By name of the store path: what this process is making now. */
  readonly making: Map<string, Promise<void>>;
}

/** One call of `realise`. */
interface Run extends Pick<RealiseOptions, "builders"> {
  readonly store: StoreState;
  readonly signal: AbortSignal;
  readonly roots: TemporaryRoots;
  /** By name of the store path: until it is in its place, and until it counts. */
  readonly visited: Map<string, Promise<void>>;
  readonly recorded: Map<string, Promise<void>>;
  readonly gates: { readonly fetches: Limiter; readonly builds: Limiter };
  /** Waits until the builds that are done are on the disk; one wait for all while more are to come. */
  sync(): Promise<void>;
  /** Opened by the first build. */
  workspace: Promise<Workspace> | undefined;
  /** Remembers the first failure and stops the rest; gives it back. */
  fail(error: unknown): unknown;
  emit(event: StoreEvent): void;
}

/** The events that say no more than what happened to which path. */
type PlainEvent = Extract<StoreEvent["type"], "cached" | "waiting" | "start" | "publishing" | "failed">;

/** Makes sure that the recipes' outputs are in the store, with all that they need; gives their absolute paths. */
export async function realise(
  store: StoreState,
  recipes: readonly Recipe[],
  options: RealiseOptions,
): Promise<readonly string[]> {
  await using own = openTemporaryRoots(store.directory);
  const run = beginRun(store, options, options.roots ?? own);
  const names = recipes.map(storePathName);
  try {
    if (!names.every((name) => isPresent(store.directory, name))) prepareDirectory(store.directory);
    await run.roots.add(graphOf(recipes).map(storePathName), run.signal);
    await ensureAll(run, recipes);
    await Promise.all(run.recorded.values());
    if (run.workspace) syncNames(store.directory);
  } catch (error) {
    throw run.fail(explainStoreFailure(store.directory, error));
  } finally {
    await Promise.allSettled(run.visited.values());
    await Promise.allSettled(run.recorded.values());
    await (await run.workspace?.catch(() => undefined))?.[Symbol.asyncDispose]();
  }
  return names.map((name) => join(store.directory, name));
}

function beginRun(store: StoreState, options: RealiseOptions, roots: TemporaryRoots): Run {
  const { fetches = 8, builds = availableParallelism() + 1 } = options.concurrency ?? {};
  const stop = new AbortController();
  const gates = { fetches: limiter(fetches), builds: limiter(builds) };
  let failure: { readonly error: unknown } | undefined;
  return {
    store,
    builders: options.builders,
    signal: options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal,
    roots,
    visited: new Map(),
    recorded: new Map(),
    gates,
    sync: sharedSync(store.directory, () => gates.builds.waiting > 0),
    workspace: undefined,
    fail(error) {
      failure ??= { error };
      stop.abort(failure.error);
      return failure.error;
    },
    emit: (event) => options.onEvent?.(event),
  };
}

/** Every recipe once in a run, whoever asks. */
function ensure(run: Run, recipe: Recipe): Promise<void> {
  const name = storePathName(recipe);
  const known = run.visited.get(name);
  if (known) return known;
  const ensured = stopping(run, ensureOnce(run, recipe));
  run.visited.set(name, ensured);
  return ensured;
}

/** The same, but a failure stops the run. Whoever asked may have failed already through something else, and not listen. */
function stopping(run: Run, work: Promise<void>): Promise<void> {
  const watched = work.catch((error) => {
    throw run.fail(error);
  });
  watched.catch(() => {});
  return watched;
}

async function ensureOnce(run: Run, recipe: Recipe): Promise<void> {
  if (isPresent(run.store.directory, storePathName(recipe))) {
    await ensureAll(run, runtimeInputs(recipe));
    emit(run, recipe, "cached");
    return;
  }
  const inputs = allInputs(recipe);
  const late = builderOf(run, recipe).isEager ? inputs.filter(({ fixed }) => fixed) : [];
  // What the others are made of is needed first, so it is fetched first.
  const others = ensureAll(
    run,
    inputs.filter((input) => !late.includes(input)),
  );
  const arrivals = new Map(late.map((input) => [storePathName(input), ensure(run, input)]));
  await others;
  await makeOnce(run, recipe, arrivals);
  await Promise.all(arrivals.values());
}

async function ensureAll(run: Run, recipes: readonly Recipe[]): Promise<void> {
  await Promise.all(recipes.map((recipe) => ensure(run, recipe)));
}

/** What an eager builder waits for itself: by name of the store path. */
type Arrivals = ReadonlyMap<string, Promise<void>>;

/** Every path once at a time in a process. If the other run fails, this one tries, with its own builders. */
async function makeOnce(run: Run, recipe: Recipe, arrivals: Arrivals): Promise<void> {
  const { making, directory } = run.store;
  const name = storePathName(recipe);
  for (let other = making.get(name); other; other = making.get(name)) {
    await other.catch(() => {});
    if (isPresent(directory, name)) return emit(run, recipe, "cached");
  }
  const gate = recipe.fixed ? run.gates.fetches : run.gates.builds;
  const { promise: placed, resolve } = Promise.withResolvers<void>();
  const made = gate
    .run((leave) => make(run, recipe, { arrivals, leave, placed: resolve }))
    .finally(() => making.delete(name));
  making.set(name, made);
  run.recorded.set(name, stopping(run, made));
  await Promise.race([placed, made]);
}

/** One build on its way. */
interface Way {
  readonly arrivals: Arrivals;
  /** Gives its place among the builds back. */
  leave(): void;
  /** Others may use it. */
  placed(): void;
}

async function make(run: Run, recipe: Recipe, way: Way): Promise<void> {
  run.signal.throwIfAborted();
  const { directory } = run.store;
  try {
    if (!run.workspace) {
      prepareDirectory(directory);
      run.workspace = openWorkspace(directory, run.roots);
    }
    const workspace = await run.workspace;
    const name = storePathName(recipe);
    using _ = await claimPath(directory, name, run.roots, {
      signal: run.signal,
      onWait: () => emit(run, recipe, "waiting"),
    });
    if (isPresent(directory, name)) return emit(run, recipe, "cached");
    await build(run, recipe, workspace, way);
  } catch (error) {
    throw explainStoreFailure(directory, error);
  }
}

async function build(
  run: Run,
  recipe: Recipe,
  { directory }: Workspace,
  { arrivals, leave, placed }: Way,
): Promise<void> {
  const started = performance.now();
  const log = openLog(run.store.directory, storePathName(recipe));
  const job = makeJob({
    arrivals,
    recipe,
    storeDirectory: run.store.directory,
    directory,
    signal: run.signal,
    report: (progress) => run.emit({ ...subject(recipe), type: "progress", ...progress }),
    log: log.write,
  });
  const builder = builderOf(run, recipe);
  emit(run, recipe, "start");
  try {
    const answer = await builder(job);
    run.signal.throwIfAborted();
    emit(run, recipe, "publishing");
    const tree = await place(run.store.directory, recipe, job.out, {
      ...answer,
      ...(builder.keepsAttributes && { keepsAttributes: true }),
    });
    placed();
    await tree.lasts(() => {
      // Nothing is computed any more.
      leave();
      return run.sync();
    });
    await Promise.all(runtimeInputs(recipe).map((input) => run.recorded.get(storePathName(input))));
    tree.record();
    run.emit({
      ...subject(recipe),
      type: "done",
      size: tree.size,
      milliseconds: performance.now() - started,
    });
  } catch (error) {
    emit(run, recipe, "failed");
    throw run.signal.aborted ? run.signal.reason : explainBuildFailure(recipe, error, log);
  } finally {
    log.close();
    await removeTree(job.out);
    await removeTree(scratchOf(directory, storePathName(recipe)));
  }
}

function builderOf(run: Run, { kind }: Recipe): Builder {
  const builder = Object.hasOwn(run.builders, kind) ? run.builders[kind] : undefined;
  if (!builder) throw new Error(`No builder for recipes of kind "${kind}"`);
  return builder;
}

function subject(recipe: Recipe) {
  const { name, kind, fixed } = recipe;
  return { path: storePathName(recipe), name, kind, fixed: fixed !== undefined };
}

function emit(run: Run, recipe: Recipe, type: PlainEvent): void {
  run.emit({ ...subject(recipe), type });
}
