/** Layers as squashfs disks: smaller than erofs ones, and slower to build and to read. */
import { run } from "../os/processes.ts";
import { type HostTools, toolCommand } from "../packages/host-tools.ts";
import type { Builder } from "../store/builder.ts";
import type { Recipe } from "../store/recipe.ts";

/** The recipe of a squashfs image of a layer. `flags` go to mksquashfs as they are. */
export function squashfsRecipe(layer: Recipe, tools: HostTools, flags: readonly string[]): Recipe {
  return {
    kind: "squashfs",
    version: 1,
    name: `${layer.name}.squashfs`,
    params: { flags: [...flags], architecture: tools.architecture },
    inputs: { layer, ...(tools.squashfs && { tools: tools.squashfs }) },
  };
}

/** Builds `squashfs`. The same layer gives the same bytes: the image's time is fixed, and its order does not follow the processors. */
export const buildSquashfs: Builder = async (job) => {
  const { flags, architecture } = job.params as { flags: string[]; architecture: string };
  const tools = "tools" in job.recipe.inputs ? job.input("tools") : undefined;
  job.report({ note: "writing the image" });
  await run(
    [
      ...toolCommand(tools, architecture, "mksquashfs"),
      job.input("layer"),
      job.out,
      ...["-noappend", "-quiet", "-no-progress"],
      ...["-mkfs-time", "1"],
      ...flags,
    ],
    { endsWithUs: true, signal: job.signal, onOutput: job.log },
  );
};
