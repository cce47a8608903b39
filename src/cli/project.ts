/** The project that a command works on. */
import { type ProjectLocation, type ResolveOptions, resolveReference } from "../config/index.ts";
import { progressReporter } from "./progress.ts";

interface ProjectOptions extends Omit<ResolveOptions, "onProgress" | "onWarning"> {
  readonly quiet: boolean;
}

/** Finds the project that a reference names, and shows when it has to be fetched. */
export async function findProjectFor(
  reference: string,
  { quiet, ...options }: ProjectOptions,
): Promise<ProjectLocation> {
  using reporter = progressReporter({ quiet });
  return await resolveReference(reference, {
    ...options,
    onProgress: (step) => reporter.step(step),
    onWarning: (text) => reporter.warning(text),
  });
}
