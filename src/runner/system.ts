/** A system: the store path that ties kernel, initrd, layers and metadata of one guest together. */

import type { MachineSpec } from "../hypervisors/machine.ts";
import { type FileEntry, filesRecipe } from "../store/files.ts";
import { type Recipe, storePathName } from "../store/recipe.ts";

/** The parts of a system. Layers are topmost first. */
export interface SystemParts {
  readonly kernel: Recipe;
  readonly initrd: Recipe;
  readonly layers: readonly Recipe[];
  readonly images: readonly Recipe[] | undefined;
  /** What must hold before the system is made. Their outputs are needed for nothing else. */
  readonly checks: readonly Recipe[];
}

/** The recipe of a system. Its links lead to other store paths beside it. */
export function systemRecipe(hostName: string, parts: SystemParts, machine: MachineSpec): Recipe {
  const { kernel, initrd, layers, images, checks } = parts;
  const beside = (path: string, recipe: Recipe, up = ".."): FileEntry => ({
    path,
    type: "symlink",
    target: `${up}/${storePathName(recipe)}`,
  });
  const metadata = {
    version: 1,
    hostName,
    architecture: machine.architecture,
    layers: layers.map(storePathName),
  };
  return filesRecipe(
    `microvm-system-${hostName}`,
    [
      beside("kernel", kernel),
      beside("initrd", initrd),
      ...layers.map((layer, index) => beside(`layers/${index}`, layer, "../..")),
      { path: "kernel-params", type: "file", text: `${machine.kernelParams.join(" ")}\n` },
      { path: "system.json", type: "file", text: `${JSON.stringify(metadata, null, 2)}\n` },
    ],
    // What takes longest comes first: inputs are fetched in this order.
    { layers, kernel, initrd, ...(images && { images }) },
    { checks },
  );
}
