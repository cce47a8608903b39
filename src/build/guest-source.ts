/** Where a VM's system comes from: packages, or an image with a kernel from packages. */
import type { EvaluatedVm } from "../config/index.ts";
import type { DebianPackageSet } from "../packages/debian/package-set.ts";
import { isOciImage, type OciImage } from "../packages/oci/image-source.ts";
import { type OpenedImage, openImage } from "../packages/oci/open-image.ts";
import { currentStable } from "../plan/wishes.ts";
import { hostPackageSet } from "./host-facts.ts";

/** The package set of a VM, and its image. */
export interface GuestSource {
  readonly set: DebianPackageSet;
  readonly image: (OpenedImage & { readonly source: OciImage }) | undefined;
}

/** Where the system of a VM comes from; an image is opened. Errors: `image-invalid`, `unsupported`. */
export async function guestSource({ pkgs }: EvaluatedVm, projectDirectory: string): Promise<GuestSource> {
  if (!isOciImage(pkgs))
    return { set: (pkgs as DebianPackageSet | null) ?? hostPackageSet(), image: undefined };
  const image = await openImage(pkgs, projectDirectory);
  return { set: pkgs.packageSet ?? currentStable(pkgs.architecture), image: { ...image, source: pkgs } };
}
