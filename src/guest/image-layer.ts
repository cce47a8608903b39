/** An OCI image as a layer: all of its own layers in one tree, so that it costs a guest one disk and one word. */
import { MicrovmError } from "../errors.ts";
import { mkdirSync } from "../os/files.ts";
import { type HostTools, hostArchitecture, toolCommand } from "../packages/host-tools.ts";
import { applyLayers } from "../packages/oci/apply-layers.ts";
import type { OpenedImage } from "../packages/oci/open-image.ts";
import { type Builder, keepingAttributes } from "../store/builder.ts";
import type { Recipe } from "../store/recipe.ts";

/** The recipe of an image's tree. It is named by what its layers hold, wherever and however they lie. */
export function imageLayerRecipe(image: Pick<OpenedImage, "layers">, tools: HostTools): Recipe {
  return {
    kind: "image-layer",
    version: 1,
    name: "oci-image",
    params: { layers: layersOf(image) },
    inputs: {},
    ...(tools.attributes && { helpers: { attributes: tools.attributes } }),
    exactModes: true,
  };
}

/** Builds `image-layer` from these images. */
export function imageLayerBuilder(images: readonly OpenedImage[]): Builder {
  return keepingAttributes(async (job) => {
    const { layers } = job.params as { layers: string[] };
    const image = images.find((one) => layersOf(one).join() === layers.join());
    if (!image) {
      throw new MicrovmError("build-failed", "The image that the layer was made from is not at hand", {
        hint: "Build the VM that is made from it",
      });
    }
    mkdirSync(job.out, { mode: 0o755 });
    await applyLayers({
      name: image.name,
      layers: image.layers,
      root: job.out,
      setAttribute: toolCommand(job.helper("attributes"), hostArchitecture(), "setfattr"),
      signal: job.signal,
      onProgress: (done, total) => job.report({ done, total, unit: "layers", note: "applying" }),
    });
  });
}

function layersOf({ layers }: Pick<OpenedImage, "layers">): string[] {
  return layers.map(({ diffId }) => diffId);
}
