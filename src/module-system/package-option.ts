import { mkOption, type Option } from "./option.ts";
import { type Package, package as packageType } from "./types/scalars.ts";
import { nullOr } from "./types/unions.ts";

/** What else can be said about an option for a package. */
interface PackageOptionDetails {
  /** The package's name in the guest's package set; null: the person must choose. */
  readonly default?: string | null;
  readonly example?: string;
  /** More sentences for the description. */
  readonly extraDescription?: string;
}

/** The option for the package of a program or service. Its default is the package of that name. */
export function mkPackageOption(
  name: string,
  details: PackageOptionDetails & { readonly nullable: true },
): Option<Package | null>;
export function mkPackageOption(
  name: string,
  details?: PackageOptionDetails & { readonly nullable?: false },
): Option<Package>;
export function mkPackageOption(
  name: string,
  details: PackageOptionDetails & { readonly nullable?: boolean } = {},
): Option<Package | null> {
  const { default: chosen = name, example, extraDescription, nullable = false } = details;
  const description = `The ${name} package to use.${extraDescription ? ` ${extraDescription}` : ""}`;
  return mkOption<Package | null>({
    type: nullable ? nullOr(packageType) : (packageType as never),
    ...((chosen !== null || nullable) && { default: chosen }),
    ...(example !== undefined && { example }),
    description,
  });
}
