/** Every kind of recipe, and what builds it. */

import { MicrovmError } from "../errors.ts";
import { buildConfigLayer } from "../guest/config-layer.ts";
import { buildDebianLayer, buildDebianTools } from "../guest/debian-layer.ts";
import { buildErofs } from "../guest/erofs.ts";
import { imageLayerBuilder } from "../guest/image-layer.ts";
import { buildImagePrograms } from "../guest/image-programs.ts";
import { buildInitrd } from "../guest/initrd.ts";
import { buildKernelImage, buildKernelLayer } from "../guest/kernel.ts";
import { downloadToFile } from "../os/http.ts";
import { debUrl } from "../packages/debian/mirror.ts";
import type { OpenedImage } from "../packages/oci/open-image.ts";
import type { DebParams } from "../plan/deb.ts";
import type { Builder, Builders } from "../store/builder.ts";
import { buildFiles } from "../store/files.ts";

/** The builders. `mirrors` gives the mirror of a package set by its key, and is asked only when a file is missing. `image` is that of the VM, if it has one. */
export function buildersWith(mirrors: Readonly<Record<string, () => string>>, image?: OpenedImage): Builders {
  return {
    "config-layer": buildConfigLayer,
    deb: fetchDeb(mirrors),
    "debian-layer": buildDebianLayer,
    "debian-tools": buildDebianTools,
    erofs: buildErofs,
    files: buildFiles,
    "image-layer": imageLayerBuilder(image),
    "image-programs": buildImagePrograms,
    initrd: buildInitrd,
    "kernel-image": buildKernelImage,
    "kernel-layer": buildKernelLayer,
  };
}

/** Fetches package files. One that the mirror no longer has is what a lock meets when it is too old. */
function fetchDeb(mirrors: Readonly<Record<string, () => string>>): Builder {
  return async (job) => {
    const { set, file, size, label } = job.params as unknown as DebParams;
    const mirror = mirrors[set];
    if (!mirror) throw new Error(`No mirror was given for the package set "${set}"`);
    const { sha256 } = job.recipe.fixed!;
    const url = debUrl(mirror(), file);
    try {
      await downloadToFile(url, job.out, {
        sha256,
        size,
        signal: job.signal,
        onProgress: (done) => job.report({ done, total: size, unit: "bytes", note: label }),
      });
    } catch (error) {
      if (!(error instanceof MicrovmError) || error.code !== "download-failed") throw error;
      throw new MicrovmError(
        "package-gone",
        `The mirror no longer has "${label}", which the lock file names (${url})`,
        {
          hint: 'Remove "microvm.lock" to lock the packages that the mirror has now, or set "mirror" to an archive that keeps old ones',
          cause: error,
        },
      );
    }
  };
}
