/** Every kind of recipe, and what builds it. */
import { buildGitSource } from "../config/references/source.ts";
import { buildConfigCheck } from "../guest/config-check.ts";
import { buildConfigLayer } from "../guest/config-layer.ts";
import { buildDebianLayer, buildDebianTools } from "../guest/debian-layer.ts";
import { buildErofs } from "../guest/erofs.ts";
import { imageLayerBuilder } from "../guest/image-layer.ts";
import { buildImagePrograms } from "../guest/image-programs.ts";
import { buildInitrd } from "../guest/initrd.ts";
import { buildKernelImage, buildKernelLayer } from "../guest/kernel.ts";
import { buildLocaleLayer } from "../guest/locale-layer.ts";
import { buildSquashfs } from "../guest/squashfs.ts";
import { buildUnitCheck } from "../guest/unit-check.ts";
import { copyFileSync } from "../os/files.ts";
import type { PackageSource } from "../packages/debian/package-source.ts";
import type { OpenedImage } from "../packages/oci/open-image.ts";
import type { DebParams } from "../plan/deb.ts";
import type { Builder, Builders } from "../store/builder.ts";
import { buildFiles } from "../store/files.ts";

/**
 * The builders. `sources` give the files of package sets, by their keys, and are asked only when one is missing;
 * `images` are those that guests are made from.
 */
export function buildersWith(
  sources: Readonly<Record<string, PackageSource>>,
  images: readonly OpenedImage[] = [],
): Builders {
  return {
    "config-layer": buildConfigLayer,
    deb: fetchDeb(sources),
    "debian-layer": buildDebianLayer,
    "debian-tools": buildDebianTools,
    erofs: buildErofs,
    files: buildFiles,
    "git-source": buildGitSource,
    "image-layer": imageLayerBuilder(images),
    "image-programs": buildImagePrograms,
    initrd: buildInitrd,
    "kernel-image": buildKernelImage,
    "kernel-layer": buildKernelLayer,
    "locale-layer": buildLocaleLayer,
    "project-file": copyProjectFile,
    squashfs: buildSquashfs,
    "unit-check": buildUnitCheck,
    "config-check": buildConfigCheck,
  };
}

/** Takes a project's file into the store, which looks whether it is still the one that was planned. */
const copyProjectFile: Builder = async (job) => {
  const { file } = job.params as { file: string };
  copyFileSync(file, job.out);
};

/** Fetches package files, each from its set's source. */
function fetchDeb(sources: Readonly<Record<string, PackageSource>>): Builder {
  return async (job) => {
    const { set, size, label, ...place } = job.params as unknown as DebParams;
    const source = Object.hasOwn(sources, set) ? sources[set] : undefined;
    if (!source) throw new Error(`No source was given for the package set "${set}"`);
    const { sha256 } = job.recipe.fixed!;
    await source.fetch({ ...place, size, label, sha256 }, job.out, {
      signal: job.signal,
      onProgress: (done) => job.report({ done, total: size, unit: "bytes", note: label }),
    });
    // It was compared while it came.
    return { content: sha256 };
  };
}
