/** Resolving several wishes against one index, so that all of them share one version of each package. Pure. */
import type { LockedPackage, LockedPackageSet } from "../lock.ts";
import type { DebianPackage, PackageIndex } from "./package-index.ts";
import { resolve } from "./resolver.ts";
import { MAIN } from "./sources.ts";

/** A wish with its name in the lock. */
export interface KeyedRequest {
  readonly key: string;
  /** What the lock calls its resolution. */
  readonly id: string;
  /** Sorted. */
  readonly wanted: readonly string[];
  readonly essential: boolean;
  readonly recommends: boolean;
  /** The request whose packages are there already. */
  readonly below: KeyedRequest | undefined;
}

type Resolved = Pick<LockedPackageSet, "packages" | "resolutions">;

/** What is resolved, and by what. */
interface ResolveRequests {
  readonly index: PackageIndex;
  readonly requests: readonly KeyedRequest[];
  /** What errors call the set. */
  readonly label: string;
  /** Resolutions of before, which stay where the index has their packages unchanged. */
  readonly kept?: Resolved | undefined;
}

/** Resolves what is not kept. Errors: `package-not-found`, `package-unsatisfiable`. */
export function resolveRequests({ index, requests, label, kept }: ResolveRequests): Resolved {
  const resolutions = kept ? unchanged(kept, index) : {};
  const packages: Record<string, LockedPackage> = {};
  for (const request of requests) {
    resolutions[request.id] ??= resolveOne(index, request, resolutions, label);
  }
  for (const name of Object.values(resolutions).flat()) packages[name] ??= lockOne(index.get(name)!);
  return { packages, resolutions };
}

/** Resolutions all of whose packages the index still chooses as they were. */
function unchanged(
  { packages, resolutions }: Resolved,
  index: PackageIndex,
): Record<string, readonly string[]> {
  const same = (name: string) => {
    const found = index.get(name);
    return found?.version === packages[name]!.version && found.sha256 === packages[name]!.sha256;
  };
  return Object.fromEntries(Object.entries(resolutions).filter(([, names]) => names.every(same)));
}

function resolveOne(
  index: PackageIndex,
  { wanted, essential, recommends, below }: KeyedRequest,
  resolutions: Readonly<Record<string, readonly string[]>>,
  label: string,
): readonly string[] {
  const installed: string[] = [];
  for (let layer = below; layer; layer = layer.below) installed.unshift(...resolutions[layer.id]!);
  return resolve(index, wanted, { essential, recommends, installed, label }).map((one) => one.name);
}

function lockOne({ version, architecture, file, size, sha256, repository }: DebianPackage): LockedPackage {
  const own = { version, architecture, file, size, sha256 };
  return repository === MAIN ? own : { ...own, repository };
}
