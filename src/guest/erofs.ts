/** Layers as read-only disks, for guests that do not share the host's store. */
import { run } from "../os/processes.ts";
import { type HostTools, toolCommand } from "../packages/host-tools.ts";
import type { Builder } from "../store/builder.ts";
import type { Recipe } from "../store/recipe.ts";

/** The recipe of an erofs image of a layer. `flags` go to mkfs.erofs as they are. */
export function erofsRecipe(layer: Recipe, tools: HostTools, flags: readonly string[]): Recipe {
  return {
    kind: "erofs",
    version: 1,
    name: `${layer.name}.erofs`,
    params: { flags: [...flags], architecture: tools.architecture },
    inputs: { layer, ...(tools.erofs && { tools: tools.erofs }) },
  };
}

/** Builds `erofs`. The same layer gives the same bytes: the image's time and identifier are fixed. */
export const buildErofs: Builder = async (job) => {
  const { flags, architecture } = job.params as { flags: string[]; architecture: string };
  const tools = "tools" in job.recipe.inputs ? job.input("tools") : undefined;
  job.report({ note: "writing the image" });
  await run(
    [
      ...toolCommand(tools, architecture, "mkfs.erofs"),
      "--quiet",
      ...["-T", "1"],
      ...["-U", "00000000-0000-0000-0000-000000000000"],
      ...flags,
      job.out,
      job.input("layer"),
    ],
    { endsWithUs: true, signal: job.signal, onOutput: job.log },
  );
};
