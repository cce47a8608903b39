/**
 * The program that packages are decompressed with: the newest xz there is, since from 5.8 on it takes 60 % of the
 * time of 5.4. What it makes is the same whatever its version, so it is a helper and no input.
 */
import { hasXz } from "../os/xz.ts";
import type { XzProgram } from "../os/xz-decoder.ts";
import { type HostTools, hostArchitecture, toolCommand } from "../packages/host-tools.ts";
import type { BuildJob } from "../store/builder.ts";
import type { Recipe } from "../store/recipe.ts";

/** The part of a recipe that lets its builder use {@link unpackingProgram}. */
export function unpackingHelpers({ build }: Pick<HostTools, "build">): Pick<Recipe, "helpers"> {
  return build ? { helpers: { xz: build } } : {};
}

/** The helper, else the host's own program; neither: nothing, and a library does the work. */
export async function unpackingProgram(job: BuildJob): Promise<{ readonly xz?: XzProgram }> {
  const tree = job.helper("xz");
  if (tree === undefined && !(await hasXz())) return {};
  const command = toolCommand(tree, hostArchitecture(), "xz");
  return { xz: { command, directory: job.scratch() } };
}

/**
 * Reports how many of a build's packages are unpacked, from none on. `share` is how much of the whole build their
 * unpacking is.
 */
export function reportUnpacking(job: BuildJob, total: number, share = 1): (done: number) => void {
  const report = (done: number) =>
    job.report({ note: "unpacking", done, total, unit: "packages", share: (share * done) / total });
  report(0);
  return report;
}
