/** What a builder is, and what it is given. */
import { join } from "node:path";
import { mkdirSync } from "../os/files.ts";
import type { Progress } from "./events.ts";
import type { Json } from "./json.ts";
import { inputsOf, type Recipe, storePathName } from "./recipe.ts";

/**
 * Makes one output: creates `job.out`, a file, a directory or a link. When it throws, nothing is kept. It
 * must stop soon after `job.signal`, and leave nothing running or mounted.
 */
export type Builder = (job: BuildJob) => Promise<void>;

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
  /** The store path with this name. */
  path(name: string): string;
  /** A directory beside `out`, on the same file system, that is removed after the build. */
  scratch(): string;
  readonly signal: AbortSignal;
  report(progress: Progress): void;
}

/** What a job is made from. */
interface JobSetting {
  readonly recipe: Recipe;
  readonly storeDirectory: string;
  /** The workspace's. */
  readonly directory: string;
  readonly signal: AbortSignal;
  readonly report: (progress: Progress) => void;
}

/** The job that a recipe's builder is given. */
export function makeJob({ recipe, storeDirectory, directory, signal, report }: JobSetting): BuildJob {
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
    path,
    scratch() {
      const scratch = scratchOf(directory, name);
      mkdirSync(scratch, { recursive: true, mode: 0o700 });
      return scratch;
    },
    signal,
    report,
  };
}

/** The directory that `scratch` makes for a store path's build in a workspace. */
export function scratchOf(directory: string, name: string): string {
  return join(directory, `${name}.scratch`);
}
