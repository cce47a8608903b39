/** What a builder is, and what it is given. */
import { basename, join } from "node:path";
import { mkdirSync } from "../os/files.ts";
import type { Progress } from "./events.ts";
import type { Json } from "./json.ts";
import { inputsOf, type Recipe, storePathName } from "./recipe.ts";

/**
 * Makes one output: creates `job.out`, a file, a directory or a link. When it throws, nothing is kept. It
 * must stop soon after `job.signal`, and leave nothing running or mounted.
 */
export interface Builder {
  (job: BuildJob): Promise<BuilderAnswer>;
  /** Its output can hold extended attributes: they are digested, too. */
  readonly keepsAttributes?: true;
  /** It starts before its fixed inputs are there, and waits for each with `job.arrival`. */
  readonly isEager?: true;
}

/** What a builder of a single file can say of it; the store looks for itself otherwise. */
// biome-ignore lint/suspicious/noConfusingVoidType: most say nothing
export type BuilderAnswer = void | {
  /** SHA-256, in hexadecimal, of all that was written to the file, as it was written. */
  readonly content: string;
};

/** Marks a builder that can do something with each of its fixed inputs before all are there. */
export function eager(builder: (job: BuildJob) => Promise<void>): Builder {
  return Object.assign(builder, { isEager: true } as const);
}

/** Marks a builder whose output can hold extended attributes. */
export function keepingAttributes(builder: Builder): Builder {
  return Object.assign(builder, { keepsAttributes: true } as const);
}

/** Builders by kind. */
export type Builders = Readonly<Record<string, Builder>>;

/** One build. All paths are absolute. */
export interface BuildJob {
  /** To be created, on the file system of the store. */
  readonly out: string;
  readonly recipe: Recipe;
  readonly params: Json;
  /** The store path of an input that is one recipe. */
  input(key: string): string;
  /** The store paths of an input that is a list. */
  inputs(key: string): string[];
  /** Fulfilled when the fixed input at a store path is there; at once, but for eager builders. */
  arrival(path: string): Promise<void>;
  /** The store path of a helper; undefined when the recipe names none. */
  helper(key: string): string | undefined;
  /** The store path with this name. */
  path(name: string): string;
  /** A directory beside `out`, on the same file system, that is removed after the build. */
  scratch(): string;
  readonly signal: AbortSignal;
  report(progress: Progress): void;
  /**
   * Takes what a program printed. The store keeps it as the log of the path, and shows its end when the build fails.
   * Bound to the job.
   */
  readonly log: (chunk: Uint8Array) => void;
}

/** What a job is made from. */
interface JobSetting {
  /** By name of the store path: what is still being fetched. */
  readonly arrivals: ReadonlyMap<string, Promise<void>>;
  readonly recipe: Recipe;
  readonly storeDirectory: string;
  /** The workspace's. */
  readonly directory: string;
  readonly signal: AbortSignal;
  readonly report: (progress: Progress) => void;
  readonly log: (chunk: Uint8Array) => void;
}

/** The job that a recipe's builder is given. */
export function makeJob({
  arrivals,
  recipe,
  storeDirectory,
  directory,
  signal,
  report,
  log,
}: JobSetting): BuildJob {
  const path = (name: string) => join(storeDirectory, name);
  const inputs = (key: string) => inputsOf(recipe, key).map((input) => path(storePathName(input)));
  const name = storePathName(recipe);
  return {
    out: join(directory, name),
    recipe,
    params: recipe.params,
    inputs,
    input(key) {
      const [only, ...others] = inputs(key);
      if (only === undefined || others.length > 0) throw new Error(`Input "${key}" is not one recipe`);
      return only;
    },
    arrival: async (path) => arrivals.get(basename(path)),
    helper(key) {
      const helper = recipe.helpers?.[key];
      return helper && path(storePathName(helper));
    },
    path,
    scratch() {
      const scratch = scratchOf(directory, name);
      mkdirSync(scratch, { recursive: true, mode: 0o700 });
      return scratch;
    },
    signal,
    report,
    log,
  };
}

/** The directory that `scratch` makes for a store path's build in a workspace. */
export function scratchOf(directory: string, name: string): string {
  return join(directory, `${name}.scratch`);
}
