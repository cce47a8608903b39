/** Where a VM's system comes from: packages, or an image with a kernel from packages. */
import type { EvaluatedVm } from "../config/index.ts";
import { asPackageSet, type DebianPackageSet } from "../packages/debian/package-set.ts";
import { isOciImage } from "../packages/oci/image-source.ts";
import { type OpenedImage, openImage } from "../packages/oci/open-image.ts";
import type { PlannedImage } from "../plan/image-files.ts";
import { currentStable } from "../plan/wishes.ts";
import { hostPackageSet } from "./host-facts.ts";

/** An image that was opened for a VM. */
export type GuestImage = OpenedImage & PlannedImage;

/**
 * The package set of a VM, checked again since it comes from the evaluation of a project; and whether that has only
 * what starts an image. Errors: `config-invalid`, `unsupported`.
 */
export function packagesOf({ pkgs }: EvaluatedVm): {
  readonly set: DebianPackageSet;
  readonly isImage: boolean;
} {
  if (!isOciImage(pkgs))
    return { set: pkgs === null ? hostPackageSet() : asPackageSet(pkgs), isImage: false };
  const { packageSet, architecture } = pkgs;
  return { set: packageSet === null ? currentStable(architecture) : asPackageSet(packageSet), isImage: true };
}

/** The images of those VMs that are made from one, in the order of the VMs. Errors: `image-invalid`. */
export async function openImages(
  vms: readonly EvaluatedVm[],
  projectDirectory: string,
): Promise<readonly (GuestImage | undefined)[]> {
  const opened: (GuestImage | undefined)[] = [];
  for (const { pkgs } of vms) {
    opened.push(
      isOciImage(pkgs) ? { ...(await openImage(pkgs, projectDirectory)), source: pkgs } : undefined,
    );
  }
  return opened;
}
